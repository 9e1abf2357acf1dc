package gqlhttp

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
)

// Documents remembers parsed documents, since programs send the same few for
// ever. It is bounded by the length of their texts and not by their number, so
// that a flood of large ones cannot fill the memory: a parsed document takes at
// most a few hundred times its text, and one as long as a sixteenth of the
// bound is not remembered.
type Documents struct {
	limit int

	mu    sync.Mutex
	bytes int
	list  *simplelru.LRU[string, *ast.QueryDocument]
}

var _ graphql.Cache[*ast.QueryDocument] = (*Documents)(nil)

// NewDocuments returns an empty cache for texts of limit bytes in all.
func NewDocuments(limit int) *Documents {
	d := &Documents{limit: limit}
	forget := func(text string, _ *ast.QueryDocument) { d.bytes -= len(text) }
	d.list, _ = simplelru.NewLRU(max(1, limit), forget) // fails for no size below 1
	return d
}

// Get returns the document of a text, if it is remembered.
func (d *Documents) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.list.Get(text)
}

// Add remembers the document of a text and forgets those used longest ago.
func (d *Documents) Add(_ context.Context, text string, document *ast.QueryDocument) {
	if len(text) > d.limit/16 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.list.Contains(text) {
		return
	}
	d.list.Add(text, document)
	for d.bytes += len(text); d.bytes > d.limit; {
		d.list.RemoveOldest()
	}
}
