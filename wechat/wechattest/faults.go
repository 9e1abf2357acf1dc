package wechattest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	maxFaults  = 100
	maxTimes   = 1_000_000
	maxDelay   = 10 * time.Minute
	hangAtMost = 5 * time.Minute // then the connection is reset
)

// Fault is what befalls the next calls of one of WeChat's paths.
//
// ErrCode, Status and Body stand in for the work: the call does nothing, and
// its code is not spent. Delay, Hang and Reset come after the work, as when
// an answer is lost on its way: the code is spent, and nobody is told.
// They may be combined, except ErrCode with Body and Hang with Reset.
type Fault struct {
	Path    string        `json:"path"`
	ErrCode int           `json:"errcode,omitempty"` // answer with this errcode
	Status  int           `json:"status,omitempty"`  // answer with this HTTP status, 200 to 599
	Body    string        `json:"body,omitempty"`    // answer with these bytes
	Delay   time.Duration `json:"-"`                 // hold the answer so long, on the real clock
	// Hang never answers; after 5 minutes the connection is reset.
	Hang bool `json:"hang,omitempty"`
	// Reset resets the TCP connection instead of an answer.
	Reset bool `json:"reset,omitempty"`
	Times int  `json:"times"` // how many calls; 0 means 1
}

// wireFault is a Fault in JSON, where a delay is written like 1.5s.
type wireFault struct {
	Fault
	Delay string `json:"delay,omitempty"`
}

func (w wireFault) fault() (Fault, error) {
	f := w.Fault
	if w.Delay == "" {
		return f, nil
	}
	d, err := time.ParseDuration(w.Delay)
	if err != nil {
		return f, fmt.Errorf("%w: delay is a duration like 1.5s", ErrInvalid)
	}
	f.Delay = d
	return f, nil
}

func (f Fault) wire() wireFault {
	w := wireFault{Fault: f}
	if f.Delay > 0 {
		w.Delay = f.Delay.String()
	}
	return w
}

func (f Fault) check() error {
	var rule string
	switch {
	case !strings.HasPrefix(f.Path, "/") || strings.HasPrefix(f.Path, "/sim/") || len(f.Path) > maxText:
		rule = "path is one of WeChat's, like /sns/jscode2session"
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		rule = "status is from 200 to 599"
	case f.Delay < 0 || f.Delay > maxDelay:
		rule = "delay is at most 10m"
	case f.Times < 0 || f.Times > maxTimes:
		rule = "times is at most 1000000"
	case f.ErrCode != 0 && f.Body != "":
		rule = "errcode or body, not both"
	case f.Hang && f.Reset:
		rule = "hang or reset, not both"
	case !f.replaces() && f.Delay == 0 && !f.Hang && !f.Reset:
		rule = "a fault names errcode, status, body, delay, hang or reset"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", ErrInvalid, rule)
}

// Fault makes the next calls of f.Path fail. Faults of one path come one
// after the other. It returns ErrInvalid, or ErrFull with 100 pending.
func (s *Simulator) Fault(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	f.Times = cmp.Or(f.Times, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) >= maxFaults {
		return fmt.Errorf("%w: %d faults are pending", ErrFull, maxFaults)
	}
	s.faults = append(s.faults, f)
	return nil
}

// nextFault takes one use of the first fault of a path; the zero Fault is
// none. The caller holds s.mu.
func (s *Simulator) nextFault(path string) Fault {
	for i, f := range s.faults {
		if f.Path != path {
			continue
		}
		if s.faults[i].Times--; s.faults[i].Times == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return f
	}
	return Fault{}
}

// pendingFaults lists what is still to come. The caller holds s.mu.
func (s *Simulator) pendingFaults() []wireFault {
	list := make([]wireFault, len(s.faults))
	for i, f := range s.faults {
		list[i] = f.wire()
	}
	return list
}

// replaces reports whether the fault stands in for the work.
func (f Fault) replaces() bool { return f.ErrCode != 0 || f.Status != 0 || f.Body != "" }

// faulty is the answer a fault gives in place of the work.
func (s *Simulator) faulty(f Fault, c *call) answer {
	status := cmp.Or(f.Status, http.StatusOK)
	if f.ErrCode != 0 {
		return s.failure(c, status, errcode(f.ErrCode))
	}
	return answer{status: status, contentType: f.contentType(), body: []byte(f.Body)}
}

// contentType is text/plain for JSON, as WeChat's failures have it, and
// text/html for the page of a broken gateway.
func (f Fault) contentType() string {
	if json.Valid([]byte(f.Body)) {
		return plainText
	}
	return http.DetectContentType([]byte(f.Body))
}

// send lets befall an answer what comes after the work.
func (f Fault) send(w http.ResponseWriter, r *http.Request, a answer) {
	switch {
	case f.Delay > 0 && !wait(r.Context(), f.Delay):
		drop(w)
	case f.Hang:
		wait(r.Context(), hangAtMost)
		drop(w)
	case f.Reset:
		drop(w)
	default:
		a.write(w)
	}
}

// wait reports whether d passed before the client left.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// drop ends the connection without an answer, with an RST where it is TCP's
// to give. A connection that cannot be taken over (HTTP/2) is aborted the
// way net/http provides.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, is := conn.(interface{ SetLinger(seconds int) error }); is {
		tcp.SetLinger(0) // an error leaves an ordinary close
	}
	conn.Close()
}
