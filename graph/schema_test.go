package graph_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"menshen/graph"
)

// ours reports whether a type is of this schema and not of GraphQL itself.
func ours(d *ast.Definition) bool { return !d.BuiltIn && !strings.HasPrefix(d.Name, "__") }

func TestEverythingIsDescribed(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	described := func(description string, name ...string) {
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", strings.Join(name, "."))
		}
	}
	for _, d := range schema.Types {
		if !ours(d) {
			continue
		}
		described(d.Description, d.Name)
		for _, v := range d.EnumValues {
			described(v.Description, d.Name, v.Name)
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			described(f.Description, d.Name, f.Name)
			for _, a := range f.Arguments {
				described(a.Description, d.Name, f.Name, a.Name)
			}
		}
	}
	described(schema.Directives["auth"].Description, "@auth")
}

// TestRootFieldsAreNullable keeps one failing field from taking the others
// with it.
func TestRootFieldsAreNullable(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		for _, f := range root.Fields {
			if f.Type.NonNull && !strings.HasPrefix(f.Name, "__") {
				t.Errorf("%s.%s is %s", root.Name, f.Name, f.Type)
			}
		}
	}
}

// TestTheContract proves that what both name is the same in both. The contract
// may name more, since its issues are not all built; we may not take away.
func TestTheContract(t *testing.T) {
	contract := loadContract(t)
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	for _, d := range schema.Types {
		agreed := contract.Types[d.Name]
		if !ours(d) || agreed == nil {
			continue
		}
		if diff := cmp.Diff(shapeOf(agreed), shapeOf(d)); diff != "" {
			t.Errorf("%s (-contract +schema):\n%s", d.Name, diff)
		}
		if d.Kind == ast.Enum || d.Kind == ast.InputObject {
			same(t, d.Name, names(agreed), names(d))
			continue
		}
		for _, f := range d.Fields {
			if promised := agreed.Fields.ForName(f.Name); promised != nil {
				same(t, d.Name+"."+f.Name, signature(promised), signature(f))
			}
		}
	}
	same(t, "@auth", contract.Directives["auth"].Locations, schema.Directives["auth"].Locations)
	same(t, "@auth", arguments(contract.Directives["auth"].Arguments), arguments(schema.Directives["auth"].Arguments))
}

// loadContract reads the public contract, which lies beside the project.
func loadContract(t *testing.T) *ast.Schema {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "contract", "schema.graphqls")
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("%s is not there: this clone stands alone", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	contract, err := gqlparser.LoadSchema(&ast.Source{Name: path, Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return contract
}

func same(t *testing.T, name string, contract, schema any) {
	t.Helper()
	if diff := cmp.Diff(contract, schema); diff != "" {
		t.Errorf("%s (-contract +schema):\n%s", name, diff)
	}
}

// shape is what a type is, apart from its members.
type shape struct {
	Kind       ast.DefinitionKind
	Interfaces []string
	Union      []string
	Directives []string
}

func shapeOf(d *ast.Definition) shape {
	return shape{d.Kind, slices.Sorted(slices.Values(d.Interfaces)), slices.Sorted(slices.Values(d.Types)), directives(d.Directives)}
}

// names are the members of an enum or the fields of an input object, of which
// none may be missing or added.
func names(d *ast.Definition) (list []string) {
	for _, v := range d.EnumValues {
		list = append(list, v.Name)
	}
	for _, f := range d.Fields {
		list = append(list, f.Name+": "+f.Type.String()+" = "+f.DefaultValue.String())
	}
	return list
}

// signature is a field's type, arguments and directives.
func signature(f *ast.FieldDefinition) []string {
	return slices.Concat([]string{f.Type.String()}, arguments(f.Arguments), directives(f.Directives))
}

func arguments(list ast.ArgumentDefinitionList) (texts []string) {
	for _, a := range list {
		texts = append(texts, a.Name+": "+a.Type.String()+" = "+a.DefaultValue.String())
	}
	return texts
}

func directives(list ast.DirectiveList) (texts []string) {
	for _, d := range list {
		text := "@" + d.Name
		for _, a := range d.Arguments {
			text += " " + a.Name + ": " + a.Value.String()
		}
		texts = append(texts, text)
	}
	return texts
}
