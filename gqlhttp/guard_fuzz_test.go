package gqlhttp_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"menshen/gqlhttp"
)

// FuzzGuard sends any document. What passes is as small as the limits say when
// it is counted by following every spread, and what is small enough passes.
func FuzzGuard(f *testing.F) {
	for _, document := range []string{
		"{ a { b } c: a @d }", "{ ...f ...f } fragment f on Q { a ... on Q { a } }", "mutation { a b c }",
		"query($a: [[Int]] = [1, [2]]) { a(b: {c: $a}) }", "{ ...f } fragment f on Q { ...g } fragment g on Q { ...f }",
		"{ a { b { c { d { e } } } } }", "{ a a a a a }", "#\n{ a(b: \"\"\"x\"\"\") }", "fragment f on Q { a } fragment f on Q { ...f }",
	} {
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document string) {
		g := &gqlhttp.Guard{Limits: tight}
		refusal := g.MutateOperationParameters(t.Context(), &graphql.RawParams{Query: document})
		parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: document}, tight.Tokens)
		if err != nil {
			return
		}
		fields, depth, ends := countedOut(parsed)
		if refusal == nil && (!ends || fields > tight.Fields || depth > tight.Depth) {
			t.Errorf("passes with %d fields, %d levels", fields, depth)
		}
		if refusal != nil && strings.Contains(refusal.Message, "fields, with fragments expanded") && fields <= tight.Fields {
			t.Errorf("%d fields: %v", fields, refusal)
		}
		if refusal != nil && strings.Contains(refusal.Message, "levels of fields") && depth <= tight.Depth {
			t.Errorf("%d levels: %v", depth, refusal)
		}
	})
}

// countedOut counts a document by following each spread, until there are too many
// for it to end.
func countedOut(document *ast.QueryDocument) (fields, depth int, ends bool) {
	var follow func(set ast.SelectionSet, level, spreads int)
	ends = true
	follow = func(set ast.SelectionSet, level, spreads int) {
		for _, selection := range set {
			if fields++; fields > 1000 || spreads > 20 {
				ends = false
				return
			}
			switch s := selection.(type) {
			case *ast.Field:
				depth = max(depth, level+1)
				follow(s.SelectionSet, level+1, spreads)
			case *ast.InlineFragment:
				follow(s.SelectionSet, level, spreads)
			case *ast.FragmentSpread:
				if fragment := document.Fragments.ForName(s.Name); fragment != nil {
					follow(fragment.SelectionSet, level, spreads+1)
				}
			}
		}
	}
	for _, operation := range document.Operations {
		follow(operation.SelectionSet, 0, 0)
	}
	for _, fragment := range document.Fragments {
		follow(fragment.SelectionSet, 0, 0)
	}
	return fields, depth, ends
}

// FuzzVariables sends any variables. What passes has a text no longer than the
// limit says, and what has such a text is refused for nothing but its shape.
func FuzzVariables(f *testing.F) {
	for _, variables := range []string{
		`{"a":[1,true,null],"b":{"c":"d"}}`, `{"a":[[[[[[[[[[[[[]]]]]]]]]]]]]}`, `{"a":"\u0000\"é"}`, `{"":1e400,"b":-0}`, `{"a":[1,2,3,4]}`,
	} {
		f.Add(variables)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // the transport refuses it
		}
		var variables map[string]any
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if decoder.Decode(&variables) != nil || variables == nil {
			return
		}
		err := measured(t, tight, "{ a }", variables)
		if err == nil {
			if again, _ := json.Marshal(variables); len(again) > 6*tight.VariableBytes { // an escape has six bytes
				t.Errorf("%d bytes pass", len(again))
			}
		} else if strings.Contains(err.Message, " bytes;") && len(text) <= tight.VariableBytes {
			t.Errorf("%d bytes of text: %v", len(text), err)
		}
	})
}
