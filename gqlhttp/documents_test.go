package gqlhttp_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"menshen/gqlhttp"
)

// text is one of many documents of 10 bytes.
func text(i int) string { return fmt.Sprintf("{ f%06d}", i) }

func TestDocuments(t *testing.T) {
	d := gqlhttp.NewDocuments(160)
	document := &ast.QueryDocument{}
	for i := range 17 {
		d.Add(t.Context(), text(i), document)
		d.Add(t.Context(), text(i), document) // again, which takes no more room
		if got, ok := d.Get(t.Context(), text(i)); !ok || got != document {
			t.Errorf("document %d is forgotten at once", i)
		}
		d.Get(t.Context(), text(0)) // in use all the time
	}
	for i, want := range map[int]bool{0: true, 1: false, 2: true, 16: true, 17: false} {
		if _, ok := d.Get(t.Context(), text(i)); ok != want {
			t.Errorf("document %d is remembered: %t, want %t", i, ok, want)
		}
	}
}

func TestLongDocumentsAreNotRemembered(t *testing.T) {
	d := gqlhttp.NewDocuments(160)
	d.Add(t.Context(), text(0), &ast.QueryDocument{})
	long := strings.Repeat("x", 11)
	d.Add(t.Context(), long, &ast.QueryDocument{})
	if _, ok := d.Get(t.Context(), long); ok {
		t.Error("a document of more than a sixteenth of the bound is remembered")
	}
	if _, ok := d.Get(t.Context(), text(0)); !ok {
		t.Error("it has driven out another")
	}
}

func TestDocumentsAtOnce(t *testing.T) {
	d := gqlhttp.NewDocuments(160)
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
		if _, ok := d.Get(t.Context(), text(i)); ok {
			remembered++
		}
	}
	if remembered != 16 {
		t.Errorf("%d documents of 10 bytes are remembered in 160 bytes, want 16", remembered)
	}
}
