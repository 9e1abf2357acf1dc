package gqlhttp

import (
	"encoding/json"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// checkVariables looks at variables before they are compared with their types.
// They nest no deeper than documents, and their lists are no longer.
func (g *Guard) checkVariables(variables map[string]any) *gqlerror.Error {
	var e extent
	e.object(variables, 0)
	return exceeded("The variables have",
		bound{e.bytes, g.Limits.VariableBytes, "bytes"},
		bound{e.values, g.Limits.VariableValues, "values"},
		bound{e.depth, g.Limits.Nesting, "levels of brackets"},
		bound{e.list, g.Limits.ListLength, "values in a list"})
}

// extent is the size of decoded JSON. Bytes are those of its text, without spaces
// and with each character as itself.
type extent struct{ bytes, values, depth, list int }

func (e *extent) object(members map[string]any, depth int) {
	e.bytes += brackets(len(members))
	for name, member := range members {
		e.bytes += len(`"":`) + len(name)
		e.value(member, depth+1)
	}
}

func (e *extent) value(value any, depth int) {
	e.values++
	switch v := value.(type) {
	case string:
		e.bytes += len(`""`) + len(v)
	case json.Number:
		e.bytes += len(v)
	case []any:
		e.depth, e.list = max(e.depth, depth), max(e.list, len(v))
		e.bytes += brackets(len(v))
		for _, item := range v {
			e.value(item, depth+1)
		}
	case map[string]any:
		e.depth = max(e.depth, depth)
		e.object(v, depth)
	default: // null, true, or about as long
		e.bytes += len("null")
	}
}

// brackets are two, and the commas between so many items.
func brackets(items int) int { return len("[]") + max(0, items-1) }
