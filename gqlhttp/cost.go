package gqlhttp

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// slicing are the arguments that tell how many items a list has, or the lists of
// a connection (https://relay.dev/graphql/connections.htm).
var slicing = []string{"first", "last", "limit"}

// pricer estimates how many objects and values the answer to an operation may
// have: a field is one, and what is asked for in a list comes as often as the list
// is long. @skip and @include are taken to keep everything.
type pricer struct {
	guard     *Guard
	variables map[string]any
	known     map[visit]int
}

// visit is a fragment in a field whose lists have the size, 0 where it is unknown.
type visit struct {
	fragment string
	size     int
}

// set returns the cost of a selection set in a field whose lists have the size.
func (p *pricer) set(set ast.SelectionSet, size int) (cost int) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			cost = plus(cost, p.field(s, size))
		case *ast.InlineFragment:
			cost = plus(cost, p.set(s.SelectionSet, size))
		case *ast.FragmentSpread:
			cost = plus(cost, p.fragment(s, size))
		}
	}
	return cost
}

func (p *pricer) fragment(spread *ast.FragmentSpread, size int) int {
	key := visit{spread.Name, size}
	if _, ok := p.known[key]; !ok {
		p.known[key] = p.set(spread.Definition.SelectionSet, size)
	}
	return p.known[key]
}

// field passes the size that its arguments tell on to the lists in it, unless it
// is a list itself: users(first: 100) has a hundred edges and one pageInfo.
func (p *pricer) field(field *ast.Field, size int) int {
	told := p.told(field)
	if field.Definition.Type.Elem == nil {
		return plus(1, p.set(field.SelectionSet, told))
	}
	if told == 0 {
		told = size
	}
	if told == 0 {
		told = p.assumed(field)
	}
	return plus(1, times(told, p.set(field.SelectionSet, 0)))
}

// told returns the size that the arguments of a field tell, 0 if they do not.
func (p *pricer) told(field *ast.Field) (size int) {
	for _, name := range slicing {
		definition := field.Definition.Arguments.ForName(name)
		if definition == nil || definition.Type.NamedType != "Int" {
			continue
		}
		value := definition.DefaultValue
		if argument := field.Arguments.ForName(name); argument != nil {
			value = argument.Value
		}
		size = max(size, p.number(value))
	}
	return size
}

// number returns the number that a value of an Int is, at least 1; 0 where there
// is none.
func (p *pricer) number(value *ast.Value) int {
	if value == nil {
		return 0
	}
	given, err := value.Value(p.variables)
	if err != nil {
		return countless // too large to be read
	}
	var n int64
	switch v := given.(type) {
	case nil:
		return 0
	case int64:
		n = v
	case json.Number:
		n, err = v.Int64()
	case string: // of a variable, which gqlgen takes for an Int
		n, err = strconv.ParseInt(v, 10, 64)
	default:
		return countless
	}
	if err != nil {
		return countless
	}
	return int(min(max(1, n), countless))
}

// assumed returns the size of a list that nothing tells the size of.
func (p *pricer) assumed(field *ast.Field) int {
	if field.ObjectDefinition == nil {
		return p.guard.Limits.ListSize
	}
	place := field.ObjectDefinition.Name + "." + field.Name
	if size, ok := p.guard.Lists[place]; ok {
		return size
	}
	if size, ok := p.guard.introspection[place]; ok {
		return size
	}
	return p.guard.Limits.ListSize
}

// introspectionSizes returns the sizes of the lists that introspection reads. A
// type has as many fields as those of the schema have on average.
func introspectionSizes(schema *ast.Schema) map[string]int {
	var fields, inputs, arguments, values, interfaces int
	for name, definition := range schema.Types {
		if strings.HasPrefix(name, "__") {
			continue
		}
		if definition.Kind == ast.InputObject {
			inputs += len(definition.Fields)
		} else {
			fields += len(definition.Fields)
		}
		for _, field := range definition.Fields {
			arguments += len(field.Arguments)
		}
		values += len(definition.EnumValues)
		interfaces += len(definition.Interfaces)
	}
	types := len(schema.Types)
	return map[string]int{
		"__Schema.types": types, "__Schema.directives": len(schema.Directives),
		"__Type.fields": average(fields, types), "__Type.inputFields": average(inputs, types),
		"__Type.enumValues": average(values, types),
		"__Type.interfaces": average(interfaces, types), "__Type.possibleTypes": average(interfaces, types),
		"__Field.args": average(arguments, fields), "__Directive.args": 1,
	}
}

// average rounds up, so that nothing is free.
func average(sum, of int) int { return (sum + of) / max(1, of) }
