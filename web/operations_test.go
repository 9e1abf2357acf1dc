package web_test

import (
	"regexp"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// TestOperations holds every operation that the pages offer against the schema.
func TestOperations(t *testing.T) {
	var files []*ast.Source
	for _, name := range sources(t, "../graph/*.graphqls") {
		files = append(files, &ast.Source{Name: name, Input: read(t, name)})
	}
	schema, err := gqlparser.LoadSchema(files...)
	if err != nil {
		t.Fatal(err)
	}
	operation := regexp.MustCompile("`((?:# .*\n|#\n|\n)*(?:query|mutation|subscription) [^`]*)`")
	for name, want := range map[string]int{
		"playground/examples.js": 10, "playground/ticket.js": 4, "phone/mutations.js": 5,
	} {
		found := operation.FindAllStringSubmatch(read(t, name), -1)
		if len(found) != want {
			t.Errorf("%s holds %d operations, want %d", name, len(found), want)
		}
		for _, match := range found {
			if _, err := gqlparser.LoadQueryWithRules(schema, match[1], rules.NewDefaultRules()); err != nil {
				t.Errorf("%s: %v in %.120q", name, err, match[1])
			}
		}
	}
}
