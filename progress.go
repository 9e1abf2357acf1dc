package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"menshen/store/transfer"
)

// newProgress shows how far a transfer is: as a bar where somebody looks at it, else
// as lines.
func newProgress(w io.Writer) transfer.Progress {
	if file, ok := w.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return (&bar{w: w}).show
	}
	return (&lines{w: w}).show
}

// bar draws a bar for each stage.
type bar struct {
	w     io.Writer
	stage transfer.Stage
	*progressbar.ProgressBar
}

func (b *bar) show(stage transfer.Stage, done, about int) {
	if stage != b.stage {
		b.stage, b.ProgressBar = stage, b.begin(stage, about)
	}
	b.ChangeMax(about)
	_ = b.Set(done) // a bar that cannot be drawn keeps nothing from its end
}

func (b *bar) begin(stage transfer.Stage, about int) *progressbar.ProgressBar {
	return progressbar.NewOptions(about,
		progressbar.OptionSetWriter(b.w), progressbar.OptionSetDescription(string(stage)), progressbar.OptionFullWidth(),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("records"),
		progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionOnCompletion(func() { fmt.Fprintln(b.w) }))
}

// lines says at each twentieth of a stage how far it is.
type lines struct {
	w     io.Writer
	stage transfer.Stage
	began time.Time
	first int // records that were done when the stage began
	next  int // records at which to say it again
}

func (l *lines) show(stage transfer.Stage, done, about int) {
	if stage != l.stage {
		l.stage, l.began, l.first, l.next = stage, time.Now(), done, done
	}
	if done < l.next && done < about {
		return
	}
	l.next = done + about/20
	speed := float64(done-l.first) / max(time.Since(l.began).Seconds(), 1e-3)
	fmt.Fprintf(l.w, "%s: %d of %d records, %.0f a second", stage, done, about, speed)
	if speed > 0 {
		left := time.Duration(float64(about-done) / speed * float64(time.Second))
		fmt.Fprintf(l.w, ", %v left", left.Round(time.Second))
	}
	fmt.Fprintln(l.w)
}
