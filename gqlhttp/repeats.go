package gqlhttp

import "github.com/vektah/gqlparser/v2/ast"

// repeats counts the fields that stand where another of the same name does: in
// the same set, in sets that become one because their fields have the same name,
// or in a fragment of these. Validation compares each pair of them. It follows
// every spread, so the document must be free of cycles and not too large.
func (m *measurer) repeats(document *ast.QueryDocument) (repeats int) {
	for _, operation := range document.Operations {
		repeats += m.merge(operation.SelectionSet)
	}
	for _, fragment := range document.Fragments {
		repeats += m.merge(fragment.SelectionSet)
	}
	return repeats
}

// merge counts the repeats in sets that become one.
func (m *measurer) merge(sets ...ast.SelectionSet) int {
	g := group{fragments: m.fragments, inner: map[string][]ast.SelectionSet{}, spread: map[string]bool{}}
	for _, set := range sets {
		g.add(set)
	}
	for _, inner := range g.inner {
		g.repeats += len(inner) - 1 + m.merge(inner...)
	}
	return g.repeats
}

// group gathers what the fields of one name ask for in them.
type group struct {
	fragments map[string]*ast.FragmentDefinition
	inner     map[string][]ast.SelectionSet
	spread    map[string]bool
	repeats   int // of spreads
}

func (g *group) add(set ast.SelectionSet) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			g.inner[s.Alias] = append(g.inner[s.Alias], s.SelectionSet)
		case *ast.InlineFragment:
			g.add(s.SelectionSet)
		case *ast.FragmentSpread:
			if g.spread[s.Name] {
				g.repeats++
			} else if definition := g.fragments[s.Name]; definition != nil {
				g.add(definition.SelectionSet)
			}
			g.spread[s.Name] = true
		}
	}
}
