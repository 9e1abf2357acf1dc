package gqlhttp_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"menshen/gqlhttp"
)

// text is one of many documents of 10 bytes and 3 tokens, and textWeight what
// such a one counts as.
func text(i int) string { return fmt.Sprintf("{ f%06d}", i) }

const textWeight = 1024 + 3*256 + 3*10

func TestDocuments(t *testing.T) {
	d := gqlhttp.NewDocuments(16 * textWeight)
	document := &ast.QueryDocument{}
	for i := range 17 {
		d.Add(t.Context(), text(i), document)
		d.Add(t.Context(), text(i), document) // again, which takes no more room
		if got, ok := d.Get(t.Context(), text(i)); !ok || got != document {
			t.Errorf("document %d is forgotten at once", i)
		}
		d.Get(t.Context(), text(0)) // in use all the time
		d.Has(text(1))              // which is no use
	}
	for i, want := range map[int]bool{0: true, 1: false, 2: true, 16: true, 17: false} {
		if _, ok := d.Get(t.Context(), text(i)); ok != want || d.Has(text(i)) != want {
			t.Errorf("document %d is remembered: %t, want %t", i, ok, want)
		}
	}
}

func TestLongDocumentsAreNotRemembered(t *testing.T) {
	d := gqlhttp.NewDocuments(16 * textWeight)
	d.Add(t.Context(), text(0), &ast.QueryDocument{})
	long := text(1) + " "
	d.Add(t.Context(), long, &ast.QueryDocument{})
	if d.Has(long) {
		t.Error("a document of more than a sixteenth of the bound is remembered")
	}
	if !d.Has(text(0)) {
		t.Error("it has driven out another")
	}
}

func TestDocumentsAtOnce(t *testing.T) {
	d := gqlhttp.NewDocuments(16 * textWeight)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for n := range 200 {
				d.Add(t.Context(), text((i+n)%20), &ast.QueryDocument{})
				d.Get(t.Context(), text(n%20))
			}
		})
	}
	group.Wait()
	remembered := 0
	for i := range 20 {
		if d.Has(text(i)) {
			remembered++
		}
	}
	if remembered != 16 {
		t.Errorf("%d documents are remembered in room for 16", remembered)
	}
}

// shapes are documents that take much memory for their tokens or their text.
var shapes = map[string]string{
	"fields":         "{" + strings.Repeat("a ", 998) + "}",
	"a few fields":   "{" + strings.Repeat("a ", 513) + "}", // a slice just grown
	"nested":         strings.Repeat("{a", 333) + strings.Repeat("}", 333),
	"fragments":      strings.Repeat("fragment f on B{a}", 142),
	"operations":     strings.Repeat("{a}", 333),
	"spreads":        "{" + strings.Repeat("...{a}", 249) + "}",
	"a list":         "{a(b:[" + strings.Repeat("1 ", 992) + "])}",
	"lists in lists": "{a(b:" + strings.Repeat("[", 496) + strings.Repeat("]", 496) + ")}",
	"objects":        "{a(b:[" + strings.Repeat("{c:1}", 198) + "])}",
	"variables":      "query(" + strings.Repeat("$a:[b]=1 ", 123) + "){a}",
	"directives":     "{a" + strings.Repeat("@b", 498) + "}",
	"comments":       "{" + strings.Repeat("a#\n", 498) + "}",
	"an escape":      `{a(b:"\n` + strings.Repeat("x", 16<<10) + `")}`,
	"a comment":      "{a#" + strings.Repeat("x", 16<<10) + "\n}",
	"one field":      "{a}",
}

// TestDocumentsStayInTheirBound remembers ten thousand documents, as large as a
// guard would allow, and weighs what is left of them, shape by shape.
func TestDocumentsStayInTheirBound(t *testing.T) {
	const limit = 8 << 20
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			before := heap()
			d := gqlhttp.NewDocuments(limit)
			for i := range 10_000 / len(shapes) {
				remember(t, d, fmt.Sprintf("%s #%d", shape, i))
			}
			grown := heap() - before
			runtime.KeepAlive(d)
			if grown > limit {
				t.Errorf("%d bytes are held, want no more than %d", grown, limit)
			}
		})
	}
}

func remember(t *testing.T, d *gqlhttp.Documents, text string) {
	t.Helper()
	document, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	if d.Add(t.Context(), text, document); !d.Has(text) {
		t.Fatal("it is not remembered")
	}
}

// heap returns the bytes that are in use.
func heap() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
