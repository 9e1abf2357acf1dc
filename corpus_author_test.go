package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// author writes small operations that are valid for a schema, always the same
// ones for a seed.
type author struct {
	schema *ast.Schema
	random *rand.Rand
	ids    []string // of real records

	names     int // given so far
	left      int // fields that may still be asked for
	variables []string
	values    map[string]any
	fragments []string
}

// enum is a value without quotes in a document.
type enum string

// operation returns the body of a request.
func (a *author) operation() []byte {
	a.left, a.variables, a.values, a.fragments = 20, nil, map[string]any{}, nil
	kind, root := "query", a.schema.Query
	if a.one(8) {
		kind, root = "mutation", a.schema.Mutation
	}
	set := a.set(root, 4, false)
	head := kind
	if len(a.variables) > 0 {
		head += " Q(" + strings.Join(a.variables, ", ") + ")"
	}
	document := head + " " + set + strings.Join(a.fragments, "")
	body, err := json.Marshal(map[string]any{"query": document, "variables": a.values})
	if err != nil {
		panic(err) // the test's own mistake
	}
	return body
}

// one is true once in n times.
func (a *author) one(n int) bool { return a.random.IntN(n) == 0 }

func (a *author) name(prefix string) string {
	a.names++
	return fmt.Sprintf("%s%d", prefix, a.names)
}

// set writes a selection set. In a fragment every field gets a name of its own,
// since members of a union may have fields of one name and two types.
func (a *author) set(of *ast.Definition, depth int, renamed bool) string {
	parts, used := []string{"__typename"}, map[string]bool{}
	for range 1 + a.random.IntN(4) {
		if part := a.selection(of, depth, renamed, used); part != "" {
			parts = append(parts, part)
		}
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

func (a *author) selection(of *ast.Definition, depth int, renamed bool, used map[string]bool) string {
	if a.left--; a.left < 0 {
		return ""
	}
	if of.IsAbstractType() || a.one(8) {
		members := a.schema.GetPossibleTypes(of)
		return a.fragment(members[a.random.IntN(len(members))], depth)
	}
	field := of.Fields[a.random.IntN(len(of.Fields))]
	inner := a.schema.Types[field.Type.Name()]
	if strings.HasPrefix(field.Name, "__") || used[field.Name] || depth == 0 && inner.IsCompositeType() {
		return ""
	}
	text := field.Name + a.arguments(field.Arguments) + a.condition()
	if renamed || a.one(6) {
		text = a.name("a") + ": " + text
	} else {
		used[field.Name] = true
	}
	if inner.IsCompositeType() {
		text += " " + a.set(inner, depth-1, renamed)
	}
	return text
}

func (a *author) fragment(on *ast.Definition, depth int) string {
	set := a.set(on, depth, true)
	if a.one(2) {
		return "... on " + on.Name + a.condition() + " " + set
	}
	name := a.name("f")
	a.fragments = append(a.fragments, " fragment "+name+" on "+on.Name+" "+set)
	return "..." + name + a.condition()
}

func (a *author) condition() string {
	if !a.one(8) {
		return ""
	}
	directive := []string{"skip", "include"}[a.random.IntN(2)]
	return " @" + directive + "(if: " + a.given(ast.NonNullNamedType("Boolean", nil)) + ")"
}

func (a *author) arguments(list ast.ArgumentDefinitionList) string {
	var given []string
	for _, argument := range list {
		if argument.Type.NonNull && argument.DefaultValue == nil || a.one(3) {
			given = append(given, argument.Name+": "+a.given(argument.Type))
		}
	}
	if given == nil {
		return ""
	}
	return "(" + strings.Join(given, ", ") + ")"
}

// given writes a value, or a variable that has it.
func (a *author) given(of *ast.Type) string {
	value := a.value(of, 3)
	if !a.one(3) {
		return literal(value)
	}
	name := a.name("v")
	a.variables = append(a.variables, "$"+name+": "+of.String())
	a.values[name] = value
	return "$" + name
}

func (a *author) value(of *ast.Type, depth int) any {
	if !of.NonNull && a.one(8) {
		return nil
	}
	if of.Elem != nil {
		list := []any{}
		for range a.random.IntN(3) {
			list = append(list, a.value(of.Elem, depth-1))
		}
		return list
	}
	definition := a.schema.Types[of.NamedType]
	switch definition.Kind {
	case ast.Enum:
		return enum(definition.EnumValues[a.random.IntN(len(definition.EnumValues))].Name)
	case ast.InputObject:
		members := map[string]any{}
		for _, field := range definition.Fields {
			if field.Type.NonNull && field.DefaultValue == nil || depth > 0 && a.one(3) {
				members[field.Name] = a.value(field.Type, depth-1)
			}
		}
		return members
	}
	return a.scalar(of.NamedType)
}

func (a *author) scalar(of string) any {
	switch of {
	case "Int":
		return a.random.IntN(100) + 1
	case "Boolean":
		return a.one(2)
	case "Time":
		return fmt.Sprintf("2026-11-%02dT08:00:00Z", a.random.IntN(28)+1)
	case "Date":
		return fmt.Sprintf("2026-11-%02d", a.random.IntN(28)+1)
	}
	texts := append([]string{"", "x", "门神", `"\`, "AAAAAAAAAAAAAAAAAAAAAA=="}, a.ids...)
	return texts[a.random.IntN(len(texts))]
}

// literal writes a value as it stands in a document.
func literal(value any) string {
	switch v := value.(type) {
	case enum:
		return string(v)
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = literal(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		var members []string
		for name, member := range v {
			members = append(members, name+": "+literal(member))
		}
		slices.Sort(members)
		return "{" + strings.Join(members, ", ") + "}"
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // the test's own mistake
	}
	return string(text)
}
