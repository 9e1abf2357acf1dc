package mysql

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	blanks = regexp.MustCompile(`\s+`)
	values = regexp.MustCompile(`IN \(\?(, \?)+\)`)
)

// normal makes one statement of all that differ in layout, and in how many rows or
// values they are sent with.
func normal(statement string) string {
	text := strings.TrimSpace(blanks.ReplaceAllString(statement, " "))
	for i := 0; i < len(text); i++ {
		if text[i] == '(' {
			row := text[i : i+closing(text[i:])]
			for strings.HasPrefix(text[i+len(row):], ", "+row) {
				text = text[:i+len(row)] + text[i+len(row+", "+row):]
			}
		}
	}
	return values.ReplaceAllString(text, "IN (?)")
}

// parts takes a statement apart where the engine puts it together in too many ways to
// list: the tables that are made in it, the SELECTs of a UNION, and, where it is
// itself such a table, its conditions. The grammar of SQL is free of context, so the
// whole parses when its parts do.
func parts(text string, derived bool) (all []string) {
	const from, nothing = "FROM (", "(SELECT 1)"
	for at := 0; ; at += len(nothing) {
		next := strings.Index(text[at:], from)
		if next < 0 {
			break
		}
		at += next + len(from) - 1
		end := at + closing(text[at:])
		all = append(all, parts(text[at+1:end-1], true)...)
		text = text[:at] + nothing + text[end:]
	}
	for _, union := range []string{" UNION ALL ", " UNION "} {
		if branches := split(text, union); len(branches) > 1 {
			for _, branch := range branches {
				all = append(all, parts(unwrapped(branch), derived)...)
			}
			return append(all, "SELECT 1"+union+"SELECT 1")
		}
	}
	if !derived {
		return append(all, text)
	}
	rest, conditions := conditionsIn(unwrapped(text))
	for _, condition := range conditions {
		all = append(all, "SELECT 1 FROM DUAL WHERE "+condition)
	}
	return append(all, rest)
}

// conditionsIn cuts the conditions out of a SELECT.
func conditionsIn(text string) (rest string, conditions []string) {
	head := split(text, " WHERE ")
	if len(head) == 1 {
		return text, nil
	}
	where, tail := head[1], ""
	for _, next := range []string{" ORDER BY ", " LIMIT "} {
		if pieces := split(where, next); len(pieces) > 1 {
			where, tail = pieces[0], next+pieces[1]+tail
		}
	}
	return head[0] + tail, split(where, " AND ")
}

// split cuts a text at a word that stands outside all parentheses.
func split(text, word string) (pieces []string) {
	for i, start := 0, 0; ; {
		switch {
		case i >= len(text):
			return append(pieces, text[start:])
		case text[i] == '(':
			i += closing(text[i:])
		case strings.HasPrefix(text[i:], word):
			pieces = append(pieces, text[start:i])
			i += len(word)
			start = i
		default:
			i++
		}
	}
}

// unwrapped is a text without the parentheses around all of it.
func unwrapped(text string) string {
	for strings.HasPrefix(text, "(") && closing(text) == len(text) {
		text = text[1 : len(text)-1]
	}
	return text
}

// closing is where the parenthesis ends with which a text begins.
func closing(text string) int {
	open := 0
	for i, r := range text {
		switch r {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

func TestParts(t *testing.T) {
	for statement, want := range map[string][]string{
		"SELECT a FROM b WHERE c = ? AND d IN (?, ?)":           {"SELECT a FROM b WHERE c = ? AND d IN (?)"},
		"INSERT INTO a (b, c) VALUES (?, n(?)), (?, n(?))":      {"INSERT INTO a (b, c) VALUES (?, n(?))"},
		"CREATE TABLE a (\n\tb INT,\n\tPRIMARY KEY (b)\n)":      {"CREATE TABLE a ( b INT, PRIMARY KEY (b) )"},
		"SELECT a FROM b WHERE c = 1 UNION SELECT d FROM e":     {"SELECT a FROM b WHERE c = 1", "SELECT d FROM e", "SELECT 1 UNION SELECT 1"},
		"UPDATE a SET b = (SELECT c FROM d WHERE e = ?)":        {"UPDATE a SET b = (SELECT c FROM d WHERE e = ?)"},
		"SELECT a FROM (SELECT b FROM c) d JOIN e ON d.b = e.b": {"SELECT b FROM c", "SELECT a FROM (SELECT 1) d JOIN e ON d.b = e.b"},
		"SELECT COUNT(*) FROM ((SELECT a FROM b WHERE (c AND d) AND e ORDER BY f LIMIT ?) UNION ALL (SELECT g FROM h)) i": {
			"SELECT 1 FROM DUAL WHERE (c AND d)", "SELECT 1 FROM DUAL WHERE e", "SELECT a FROM b ORDER BY f LIMIT ?", "SELECT g FROM h",
			"SELECT 1 UNION ALL SELECT 1", "SELECT COUNT(*) FROM (SELECT 1) i",
		},
	} {
		if diff := cmp.Diff(want, parts(normal(statement), false)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", statement, diff)
		}
	}
}
