package gqlhttp

import (
	"iter"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

// Documents remembers parsed documents by their text, since programs send the
// same few for ever. What it remembers has passed every rule for documents.
type Documents struct{ *cache[*ast.QueryDocument] }

var _ graphql.Cache[*ast.QueryDocument] = (*Documents)(nil)

// NewDocuments returns an empty cache of at most limit bytes of memory. A
// document counts as 1 KiB, 256 bytes for each of its tokens and three times its
// text; one of more than a sixteenth of the limit is not remembered.
func NewDocuments(limit int) *Documents {
	return &Documents{newCache(limit, documentWeight)}
}

// What a parsed document takes, as measured with gqlparser v2.5.64 on documents
// made to take much: at most 227 bytes a token ("{ a a a … }"), the text, and its
// strings again where they hold an escape, each with the eighth that Go's
// allocator may add. Validation adds pointers into the schema only.
const (
	documentBase = 1 << 10
	tokenWeight  = 256
	textWeight   = 3
)

func documentWeight(text string, _ *ast.QueryDocument) int {
	return documentBase + tokenWeight*countTokens(text) + textWeight*len(text)
}

// countTokens counts a document's tokens, comments among them.
func countTokens(text string) (count int) {
	for range tokensOf(text) {
		count++
	}
	return count
}

// tokensOf yields the tokens of a document, comments among them, up to what is none.
func tokensOf(document string) iter.Seq[lexer.Token] {
	return func(yield func(lexer.Token) bool) {
		l := lexer.New(&ast.Source{Input: document})
		for {
			token, err := l.ReadToken()
			if err != nil || token.Kind == lexer.EOF || !yield(token) {
				return
			}
		}
	}
}
