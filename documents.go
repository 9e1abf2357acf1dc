package main

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"menshen/gqlhttp"
	"menshen/graph"
	"menshen/resolvers"
)

// documentSettings say which documents may be sent.
type documentSettings struct {
	TrustedDocuments   string         `env:"MENSHEN_TRUSTED_DOCUMENTS" type:"local" placeholder:"FILE" help:"Manifest of documents, as graphql-codegen writes it (persisted-documents.json), that clients may name by their hash."`
	UntrustedDocuments string         `env:"MENSHEN_UNTRUSTED_DOCUMENTS" default:"everyone" enum:"everyone,admin,nobody" help:"Who may send documents that are not in the manifest: everyone, admin or nobody."`
	Limits             documentLimits `embed:"" prefix:"limit-" envprefix:"MENSHEN_LIMIT_"`
}

// documentLimits are gqlhttp.Limits as settings.
type documentLimits struct {
	Tokens         int `env:"TOKENS" default:"1000" help:"Tokens of a document, comments included."`
	NameLength     int `env:"NAME_LENGTH" default:"128" help:"Bytes of a name in a document."`
	Nesting        int `env:"NESTING" default:"40" help:"Brackets of any kind open at once, in a document or in its variables."`
	Definitions    int `env:"DEFINITIONS" default:"50" help:"Operations and fragments of a document."`
	Fields         int `env:"FIELDS" default:"1000" help:"Fields of all operations of a document, with fragments expanded."`
	Depth          int `env:"DEPTH" default:"20" help:"Levels of fields in fields."`
	Repeats        int `env:"REPEATS" default:"100" help:"Repetitions of fields under the same name in the same place, with fragments expanded."`
	Aliases        int `env:"ALIASES" default:"30" help:"Aliases in a document."`
	Directives     int `env:"DIRECTIVES" default:"50" help:"Directives in a document."`
	Mutations      int `env:"MUTATIONS" default:"10" help:"Root fields of a mutation."`
	ListLength     int `env:"LIST_LENGTH" default:"100" help:"Values in one list, of a document or of its variables."`
	Cost           int `env:"COST" default:"30000" help:"Objects and values that the answer may have."`
	ListSize       int `env:"LIST_SIZE" default:"20" help:"Length that is assumed of a list of which nothing tells it."`
	VariableBytes  int `env:"VARIABLE_BYTES" default:"65536" help:"Bytes of the variables as JSON."`
	VariableValues int `env:"VARIABLE_VALUES" default:"1000" help:"Values in the variables, nested ones included."`
}

func (s *documentSettings) validate(require require) {
	require(s.UntrustedDocuments == "everyone" || s.TrustedDocuments != "", "--untrusted-documents (MENSHEN_UNTRUSTED_DOCUMENTS) refuses every document unless --trusted-documents (MENSHEN_TRUSTED_DOCUMENTS) names some")
	limits := reflect.ValueOf(s.Limits)
	for _, field := range reflect.VisibleFields(limits.Type()) {
		variable := field.Tag.Get("env")
		flag := strings.ToLower(strings.ReplaceAll(variable, "_", "-"))
		require(limits.FieldByIndex(field.Index).Int() >= 1, "--limit-%s (MENSHEN_LIMIT_%s) must be at least 1", flag, variable)
	}
}

// loadTrusted reads the manifest, if one is set.
func (s *documentSettings) loadTrusted() (*gqlhttp.Manifest, error) {
	if s.TrustedDocuments == "" {
		return nil, nil
	}
	trusted, err := gqlhttp.LoadManifest(s.TrustedDocuments, graph.NewExecutableSchema(graph.Config{}).Schema())
	if err != nil {
		return nil, fmt.Errorf("--trusted-documents (MENSHEN_TRUSTED_DOCUMENTS): %w", err)
	}
	return trusted, nil
}

// trustedOnly says who may send no documents but those of the manifest, given who
// may send others.
func trustedOnly(others string, resolver *resolvers.Resolver) func(context.Context) bool {
	switch others {
	case "admin":
		return func(ctx context.Context) bool { return !resolver.IsAdmin(ctx) }
	case "nobody":
		return func(context.Context) bool { return true }
	}
	return nil
}
