package mysql

import "strings"

// clause is a part of a statement, with what its placeholders stand for.
type clause struct {
	text string
	args []any
}

func words(text string, args ...any) clause { return clause{text, args} }

// join puts clauses one behind the other.
func join(separator string, all ...clause) (joined clause) {
	texts := make([]string, len(all))
	for i, c := range all {
		texts[i] = c.text
		joined.args = append(joined.args, c.args...)
	}
	joined.text = strings.Join(texts, separator)
	return joined
}

// where is a WHERE of all the tests; nothing when there is none.
func where(tests []clause) clause {
	if len(tests) == 0 {
		return clause{}
	}
	all := join(") AND (", tests...)
	return words(" WHERE ("+all.text+")", all.args...)
}
