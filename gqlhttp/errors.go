package gqlhttp

import (
	"fmt"
	"sort"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
)

// The error codes of this package, in errors[].extensions.code. gqlgen's own
// for documents that do not parse or validate pass beside them.
const (
	CodeBadRequest            = "BAD_REQUEST"
	CodeQueryTooComplex       = "QUERY_TOO_COMPLEX"
	CodeIntrospectionDisabled = "INTROSPECTION_DISABLED"
)

func codedError(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}

// CodeOf returns the code of an error on its way out, "" if it has none.
func CodeOf(err *gqlerror.Error) string {
	code, _ := err.Extensions["code"].(string)
	return code
}

// tokenLimitMessage is how gqlparser begins what it says at the token limit.
const tokenLimitMessage = "exceeded token limit of "

// refine makes the errors of a refused document fit to leave: one about a
// limit gets the code of limits, and the values that the request carried are
// taken out, since a login code or a token may be among them.
func refine(errs gqlerror.List, params *graphql.RawParams) gqlerror.List {
	values := carried(params)
	for i, err := range errs {
		if limit, ok := strings.CutPrefix(err.Message, tokenLimitMessage); ok {
			errs[i] = codedError(CodeQueryTooComplex, fmt.Sprintf("The document has more than %s tokens.", limit))
			continue
		}
		for _, value := range values {
			err.Message = strings.ReplaceAll(err.Message, value, "…")
		}
	}
	return errs
}

// carried returns the texts that a request carries as values, in its document
// or in its variables, longest first.
func carried(params *graphql.RawParams) (values []string) {
	l := lexer.New(&ast.Source{Input: params.Query})
	for {
		token, err := l.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			break
		}
		if token.Kind == lexer.String || token.Kind == lexer.BlockString {
			values = append(values, token.Value)
		}
	}
	values = appendTexts(values, params.Variables)
	values = deleteShort(values)
	sort.Slice(values, func(i, j int) bool { return len(values[i]) > len(values[j]) })
	return values
}

// deleteShort drops texts too short to be a secret: taking out every "a" would
// make the message unreadable.
func deleteShort(values []string) []string {
	kept := values[:0]
	for _, v := range values {
		if len(v) >= 6 {
			kept = append(kept, v)
		}
	}
	return kept
}

// appendTexts collects the texts in a decoded JSON value.
func appendTexts(texts []string, value any) []string {
	switch v := value.(type) {
	case string:
		texts = append(texts, v)
	case []any:
		for _, item := range v {
			texts = appendTexts(texts, item)
		}
	case map[string]any:
		for _, member := range v {
			texts = appendTexts(texts, member)
		}
	}
	return texts
}
