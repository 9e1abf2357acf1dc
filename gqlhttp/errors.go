package gqlhttp

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
)

// The error codes of this package, in errors[].extensions.code. gqlgen's own
// for documents that do not parse or validate pass beside them.
const (
	CodeBadRequest             = "BAD_REQUEST"
	CodeQueryTooComplex        = "QUERY_TOO_COMPLEX"
	CodeIntrospectionDisabled  = "INTROSPECTION_DISABLED"
	CodeDocumentNotTrusted     = "DOCUMENT_NOT_TRUSTED"
	CodePersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND"
	CodeRateLimited            = "RATE_LIMITED"
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

// unknownField is what gqlparser says of a member of a variable's object that its
// type does not have. The error's path ends in the member's name, which is the
// client's own.
const unknownField = "unknown field"

// noOperation is what gqlgen says when several could be meant.
const noOperation = "operation  not found"

const (
	// maxErrors of a refused document leave: more help nobody.
	maxErrors = 20
	// maxMessage is the longest message that leaves, in bytes. Many errors may
	// repeat one long name, so that a small document would get an endless answer.
	maxMessage = 400
)

// quotedValue finds where a message of gqlparser repeats a value, up to its end. A
// login code without its quotes is a number or a name, and so such a value.
var quotedValue = regexp.MustCompile(`(?s)( value: |^Expected value of type .*?, found |^Value |^Unexpected \w+ |^Expected .*?, found \w+ |^Invalid character escape sequence: ).+`)

// refine makes the errors of a refused document fit to leave: one about a
// limit gets the code of limits, and the values that the request carried are
// taken out, since a login code or a token may be among them.
func refine(errs gqlerror.List, params *graphql.RawParams) gqlerror.List {
	errs = errs[:min(len(errs), maxErrors)]
	values := carried(params)
	for i, err := range errs {
		if limit, ok := strings.CutPrefix(err.Message, tokenLimitMessage); ok {
			errs[i] = codedError(CodeQueryTooComplex, fmt.Sprintf("The document has more than %s tokens.", limit))
			continue
		}
		if isOurs(err) {
			continue
		}
		if err.Message == noOperation {
			err.Message = "The document has several operations: name one in operationName."
		}
		if err.Message == unknownField && len(err.Path) > 0 {
			err.Path = err.Path[:len(err.Path)-1]
		}
		err.Message = redact(err.Message, values)
	}
	return errs
}

// isOurs says that an error is one of an extension's, which carries nothing of
// the request and has words that clients wait for.
func isOurs(err *gqlerror.Error) bool {
	return !slices.Contains([]string{"", errcode.ParseFailed, errcode.ValidationFailed}, CodeOf(err))
}

func redact(message string, values []string) string {
	if len(message) > maxMessage {
		return "The document is not valid here."
	}
	message = quotedValue.ReplaceAllString(message, "$1…")
	for _, value := range values {
		message = strings.ReplaceAll(message, value, "…")
	}
	return message
}

// carried returns the texts that a request carries as values, in its document
// or beside it, longest first.
func carried(params *graphql.RawParams) (values []string) {
	for token := range tokensOf(params.Query) {
		if token.Kind == lexer.String || token.Kind == lexer.BlockString {
			values = append(values, token.Value)
		}
	}
	values = append(values, params.OperationName)
	values = appendTexts(values, params.Variables)
	values = slices.DeleteFunc(values, func(v string) bool { return len(v) < shortestSecret })
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) })
	return values
}

// shortestSecret in bytes. Taking out every "a" would make a message unreadable.
const shortestSecret = 6

// appendTexts collects the texts and numbers in a decoded JSON value.
func appendTexts(texts []string, value any) []string {
	switch v := value.(type) {
	case string:
		texts = append(texts, v)
	case json.Number:
		texts = append(texts, v.String())
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
