package gqlhttp

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

// text is the size of a document before it is parsed, since the parser calls
// itself for each bracket.
type text struct{ tokens, name, nesting int }

// readText measures a document, and stops after so many tokens.
func readText(document string, tokens int) (t text) {
	open := 0
	for token := range tokensOf(document) {
		if t.tokens++; t.tokens > tokens {
			break
		}
		switch token.Kind {
		case lexer.Name:
			t.name = max(t.name, len(token.Value))
		case lexer.ParenL, lexer.BracketL, lexer.BraceL:
			open++
			t.nesting = max(t.nesting, open)
		case lexer.ParenR, lexer.BracketR, lexer.BraceR:
			open--
		}
	}
	return t
}

// written counts what stands in a document, each fragment once.
type written struct {
	aliases, directives int
	list                int // values in the longest list
}

func (w *written) document(document *ast.QueryDocument) {
	for _, operation := range document.Operations {
		for _, variable := range operation.VariableDefinitions {
			w.value(variable.DefaultValue)
			w.apply(variable.Directives)
		}
		w.apply(operation.Directives)
		w.set(operation.SelectionSet)
	}
	for _, fragment := range document.Fragments {
		w.apply(fragment.Directives)
		w.set(fragment.SelectionSet)
	}
}

func (w *written) set(set ast.SelectionSet) {
	for _, selection := range set {
		if field, ok := selection.(*ast.Field); ok {
			if field.Alias != field.Name {
				w.aliases++
			}
			w.arguments(field.Arguments)
		}
		directives, nested := within(selection)
		w.apply(directives)
		w.set(nested)
	}
}

func (w *written) apply(directives ast.DirectiveList) {
	w.directives += len(directives)
	for _, directive := range directives {
		w.arguments(directive.Arguments)
	}
}

func (w *written) arguments(arguments ast.ArgumentList) {
	for _, argument := range arguments {
		w.value(argument.Value)
	}
}

func (w *written) value(value *ast.Value) {
	if value == nil {
		return
	}
	if value.Kind == ast.ListValue {
		w.list = max(w.list, len(value.Children))
	}
	for _, child := range value.Children {
		w.value(child.Value)
	}
}

// within returns the directives on a selection and the set in it, which for the
// spread of a fragment is none.
func within(selection ast.Selection) (ast.DirectiveList, ast.SelectionSet) {
	switch s := selection.(type) {
	case *ast.Field:
		return s.Directives, s.SelectionSet
	case *ast.InlineFragment:
		return s.Directives, s.SelectionSet
	case *ast.FragmentSpread:
		return s.Directives, nil
	}
	return nil, nil
}

// measure is the size of a selection set, with fragments expanded; width is its
// fields but for those in fields.
type measure struct{ fields, depth, width int }

func (m measure) beside(other measure) measure {
	return measure{plus(m.fields, other.fields), max(m.depth, other.depth), plus(m.width, other.width)}
}

// measurer remembers the fragments that it has measured.
type measurer struct {
	fragments map[string]*ast.FragmentDefinition
	known     map[string]measure
	open      map[string]bool // fragments that are being measured
	cycle     string          // a fragment that spreads itself
}

func newMeasurer(document *ast.QueryDocument) *measurer {
	m := &measurer{map[string]*ast.FragmentDefinition{}, map[string]measure{}, map[string]bool{}, ""}
	for _, fragment := range document.Fragments {
		if m.fragments[fragment.Name] == nil { // of two with a name, validation follows the first
			m.fragments[fragment.Name] = fragment
		}
	}
	return m
}

// document measures all that is validated, which includes operations that are
// not asked for and fragments that nothing spreads.
func (m *measurer) document(document *ast.QueryDocument) (whole measure, mutations int) {
	for _, operation := range document.Operations {
		size := m.set(operation.SelectionSet)
		whole = whole.beside(size)
		if operation.Operation == ast.Mutation {
			mutations = max(mutations, size.width)
		}
	}
	for _, fragment := range document.Fragments {
		whole = whole.beside(m.set(fragment.SelectionSet))
	}
	return whole, mutations
}

func (m *measurer) set(set ast.SelectionSet) (whole measure) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			inner := m.set(s.SelectionSet)
			whole = whole.beside(measure{plus(inner.fields, 1), inner.depth + 1, 1})
		case *ast.InlineFragment:
			// It counts as a field, since validation compares it with its neighbours.
			whole = whole.beside(measure{fields: 1}).beside(m.set(s.SelectionSet))
		case *ast.FragmentSpread:
			whole = whole.beside(measure{fields: 1}).beside(m.fragment(s.Name))
		}
	}
	return whole
}

func (m *measurer) fragment(name string) measure {
	definition := m.fragments[name]
	if definition == nil {
		return measure{} // validation refuses the document
	}
	if m.open[name] {
		m.cycle = name
	}
	if _, ok := m.known[name]; !ok && !m.open[name] {
		m.open[name] = true
		m.known[name] = m.set(definition.SelectionSet)
		delete(m.open, name)
	}
	return m.known[name]
}
