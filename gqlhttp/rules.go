package gqlhttp

import (
	"regexp"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// reticent are the rules that suggest names of the schema, and their like that
// do not.
var reticent = map[string]core.Rule{
	rules.FieldsOnCorrectTypeRule.Name: rules.FieldsOnCorrectTypeRuleWithoutSuggestions,
	rules.KnownArgumentNamesRule.Name:  rules.KnownArgumentNamesRuleWithoutSuggestions,
	rules.KnownTypeNamesRule.Name:      rules.KnownTypeNamesRuleWithoutSuggestions,
	rules.ScalarLeafsRule.Name:         rules.ScalarLeafsRuleWithoutSuggestions,
	rules.ValuesOfCorrectTypeRule.Name: rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
}

// Rules returns the rules of validation for one document. They keep the first 20
// errors. With tell false no message names anything of the schema that the
// document does not name itself. Pass !tell to SetDisableSuggestion: else gqlgen
// puts two of its own rules in their place.
func Rules(tell bool) *rules.Rules {
	var report reporter
	list := rules.NewRules()
	for name, check := range rules.NewDefaultRules().GetInner() {
		if other, ok := reticent[name]; ok && !tell {
			name, check = other.Name, other.RuleFunc
		}
		list.AddRule(name, func(observers *core.Events, add core.AddErrFunc) {
			check(observers, report.to(add, tell))
		})
	}
	return list
}

// reporter counts the errors of a document and knows the names in it.
type reporter struct {
	errors int
	names  map[string]bool
}

// to passes the first errors on. A document may have thousands, of which nobody
// sees more.
func (r *reporter) to(add core.AddErrFunc, tell bool) core.AddErrFunc {
	return func(options ...core.ErrorOption) {
		if r.errors++; r.errors > maxErrors {
			return
		}
		if tell {
			add(options...)
			return
		}
		add(func(err *gqlerror.Error) { r.hide(err, options) })
	}
}

var (
	quoted = regexp.MustCompile(`"[^"]*"`)
	word   = regexp.MustCompile(`[_A-Za-z]\w*`)
)

// hide makes an error of options, without names of the schema.
func (r *reporter) hide(err *gqlerror.Error, options []core.ErrorOption) {
	places := core.CaptureSourceLocations(err, func() {
		for _, option := range options {
			option(err)
		}
	})
	if len(err.Message) > maxMessage {
		return // it does not leave
	}
	if r.names == nil && len(places) > 0 && places[0].Source != nil {
		r.names = namesIn(places[0].Source)
	}
	err.Message = quoted.ReplaceAllStringFunc(err.Message, func(name string) string {
		return word.ReplaceAllStringFunc(name, func(part string) string {
			if r.names[part] {
				return part
			}
			return "…"
		})
	})
}

func namesIn(document *ast.Source) map[string]bool {
	names := map[string]bool{}
	for token := range tokensOf(document.Input) {
		if token.Kind == lexer.Name {
			names[token.Value] = true
		}
	}
	return names
}
