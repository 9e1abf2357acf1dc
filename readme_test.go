package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"menshen/gqlhttp"
	"menshen/graph"
	"menshen/resolvers"
)

var update = flag.Bool("update", false, "write the README's tables")

// TestReadmeTables holds the README's tables against the code they describe.
func TestReadmeTables(t *testing.T) {
	have := readFile(t, "README.md")
	want := have
	for name, table := range map[string]string{"settings": settingsTable(t), "codes": codesTable()} {
		section := regexp.MustCompile(`(?s)(<!-- ` + name + `: [^\n]*-->\n).*?(<!-- end -->)`)
		if !section.MatchString(want) {
			t.Fatalf("the README has no section %s", name)
		}
		want = section.ReplaceAllStringFunc(want, func(old string) string {
			parts := section.FindStringSubmatch(old)
			return parts[1] + table + parts[2]
		})
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("README.md is behind the code; go test -run TestReadme -update . writes it (-code +README):\n%s", diff)
	}
}

// settingsTable lists every flag that has an environment variable, once.
func settingsTable(t *testing.T) string {
	parser, err := kong.New(&commands{}, kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	table := "| flag | environment | default | meaning |\n|---|---|---|---|\n"
	seen := map[string]bool{}
	for _, command := range parser.Model.Leaves(true) {
		for _, f := range command.Flags {
			if len(f.Envs) == 0 || seen[f.Envs[0]] {
				continue
			}
			seen[f.Envs[0]] = true
			otherwise := "–"
			if f.Default != "" {
				otherwise = "`" + f.Default + "`"
			}
			table += fmt.Sprintf("| `--%s` | `%s` | %s | %s |\n", f.Name, f.Envs[0], otherwise, strings.ReplaceAll(f.Help, "|", `\|`))
		}
	}
	return table
}

// codesTable lists every code: the resolvers' table, and those of requests that
// never reach a resolver.
func codesTable() string {
	table := "| code | what it says |\n|---|---|\n"
	row := func(code, says string) { table += fmt.Sprintf("| `%s` | %s |\n", code, says) }
	for _, r := range resolvers.Table {
		row(r.Code, r.Message)
	}
	row(gqlhttp.CodeBadRequest, "This is not a GraphQL request.")
	row(gqlhttp.CodeQueryTooComplex, "The request exceeds a limit, which the message names.")
	row(gqlhttp.CodeIntrospectionDisabled, "Introspection is not allowed here.")
	row(gqlhttp.CodeDocumentNotTrusted, "Only documents that the server trusts may be sent here.")
	row(gqlhttp.CodePersistedQueryNotFound, "The server does not know the document of this hash. Send it with its text.")
	row("GRAPHQL_PARSE_FAILED", "The document is not GraphQL.")
	row("GRAPHQL_VALIDATION_FAILED", "The document does not fit the schema, or the variables do not fit the document.")
	return table
}

// TestReadmeOperations validates every GraphQL operation that the README shows.
func TestReadmeOperations(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	shown := regexp.MustCompile(`"query":"((?:[^"\\]|\\.)*)"|graphql\('([^']*)'`).FindAllStringSubmatch(readFile(t, "README.md"), -1)
	if len(shown) < 3 {
		t.Fatalf("found %d operations in the README, want all of them", len(shown))
	}
	for _, match := range shown {
		operation := strings.ReplaceAll(match[1]+match[2], `\"`, `"`)
		if _, errs := gqlparser.LoadQueryWithRules(schema, operation, rules.NewDefaultRules()); errs != nil {
			t.Errorf("%s: %v", operation, errs)
		}
	}
}

// TestReadmeMap looks for every place that the map of the house names, and for
// every package on the map.
func TestReadmeMap(t *testing.T) {
	readme := readFile(t, "README.md")
	for _, match := range regexp.MustCompile("`([a-z0-9_]+(?:/[a-z0-9_]*)*(?:\\.go)?)`").FindAllStringSubmatch(readme, -1) {
		place := match[1]
		if !strings.Contains(place, "/") && !strings.HasSuffix(place, ".go") {
			continue
		}
		if _, err := os.Stat(place); err != nil {
			t.Errorf("the README names %s, which is not there", place)
		}
	}
	for dir := range layers {
		if dir != "." && !strings.Contains(readme, "`"+dir) {
			t.Errorf("the README's map lacks %s", dir)
		}
	}
}

// TestReadmeMakeTargets holds what the README says to run against the Makefile.
func TestReadmeMakeTargets(t *testing.T) {
	makefile := readFile(t, "Makefile")
	for _, match := range regexp.MustCompile("make ([a-z]+)").FindAllStringSubmatch(readFile(t, "README.md"), -1) {
		if !strings.Contains(makefile, "\n"+match[1]+":") {
			t.Errorf("the README runs make %s, which is no target", match[1])
		}
	}
}

// TestChangelogNamesRootFields holds CHANGELOG.md against the schema.
func TestChangelogNamesRootFields(t *testing.T) {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	var roots []string
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		for _, f := range root.Fields {
			if !strings.HasPrefix(f.Name, "__") {
				roots = append(roots, f.Name)
			}
		}
	}
	slices.Sort(roots)
	changelog := readFile(t, "CHANGELOG.md")
	for _, name := range roots {
		if !strings.Contains(changelog, "`"+name+"`") {
			t.Errorf("CHANGELOG.md does not tell of %s", name)
		}
	}
}
