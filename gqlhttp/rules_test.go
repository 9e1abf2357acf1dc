package gqlhttp_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"menshen/gqlhttp"
)

// secretive is a schema whose names begin with X and stand in no message of their
// own.
var secretive = gqlparser.MustLoadSchema(&ast.Source{Input: `
	schema { query: XQuery subscription: XFeed }
	directive @Xmark(Xcolour: XColour!) on FIELD
	type XQuery { Xone(Xid: ID!, Xkind: XColour, Xinput: XInput, Xpick: XPick): XAnimal Xtwo: XPlant Xboth: XBoth Xnumber: Int }
	type XFeed { Xone: XPlant Xtwo: XPlant }
	interface XAnimal { Xname: String }
	type XDog implements XAnimal { Xname: String Xsize: Int }
	type XPlant { Xname: [String!] Xsize: Float }
	union XBoth = XDog | XPlant
	enum XColour { XRED XBLUE }
	input XInput { Xrequired: String! Xcount: Int Xcolour: XColour }
	input XPick @oneOf { Xleft: Int Xright: Int }
`})

var mistaken = []string{
	`{ Xon }`, `{ Xone(Xi: 1) { Xname } }`, `{ Xone { Xname } }`, `{ Xtwo }`, `{ Xnumber { Xname } }`,
	`{ Xtwo { ... on XDo { Xname } } }`, `{ Xtwo { ...f } } fragment f on XPlan { Xname }`, `{ Xtwo { ... on XDog { Xname } } }`,
	`{ Xtwo { ... on XColour { Xname } } }`, `{ Xone(Xid: 1, Xkind: XREDD) { Xname } }`, `{ Xone(Xid: 1, Xkind: "XREDD") { Xname } }`,
	`{ Xone(Xid: 1, Xkind: 5) { Xname } }`, `{ Xone(Xid: 1, Xinput: {}) { Xname } }`,
	`{ Xone(Xid: 1, Xinput: {Xrequire: 1}) { Xname } }`, `{ Xone(Xid: 1, Xinput: 7) { Xname } }`,
	`{ Xone(Xid: 1, Xinput: {Xrequired: 1, Xcount: XRED, Xcolour: 1.5}) { Xname } }`, `{ Xone(Xid: 1, Xpick: {}) { Xname } }`,
	`{ Xone(Xid: 1, Xpick: {Xright: null}) { Xname } }`, `{ Xone(Xid: null) { Xname } }`, `{ Xone(Xid: 1) { Xsize } }`,
	`query($a: Int) { Xone(Xid: $a) { Xname } }`, `query($a: XDog) { Xone(Xid: $a) { Xname } }`, `query($a: XColou) { Xone(Xid: $a) { Xname } }`,
	`query($a: XInput = 1) { Xone(Xid: 1, Xinput: $a) { Xname } }`, `query($a: XInput) { Xone(Xid: 1, Xpick: $a) { Xname } }`,
	`{ Xtwo @Xmark { Xsize } }`, `{ Xtwo @Xmar { Xsize } }`, `{ Xtwo @Xmark(Xcolou: 1) { Xsize } }`, `query @Xmark(Xcolour: XRED) { Xnumber }`,
	`{ Xboth { ... on XDog { a: Xsize } ... on XPlant { a: Xsize } } }`, `{ Xboth { Xname } }`, `mutation { Xone }`,
	`subscription { Xone { Xsize } Xtwo { Xsize } }`, `{ a: Xnumber a: Xtwo { Xsize } }`,
}

// errorsOf are what validation says of a document.
func errorsOf(t *testing.T, document string, tell bool) []string {
	t.Helper()
	parsed, err := parser.ParseQuery(&ast.Source{Input: document})
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	var messages []string
	for _, err := range validator.ValidateWithRules(secretive, parsed, gqlhttp.Rules(tell)) {
		messages = append(messages, err.Message)
	}
	return messages
}

// TestReticence proves that no message tells of a name that the document lacks.
func TestReticence(t *testing.T) {
	names := regexp.MustCompile(`X\w+`)
	told := 0
	for _, document := range mistaken {
		messages := errorsOf(t, document, false)
		if len(messages) == 0 {
			t.Errorf("%s: nothing is wrong", document)
		}
		for _, message := range messages {
			for _, name := range names.FindAllString(message, -1) {
				if !regexp.MustCompile(`\b` + name + `\b`).MatchString(document) {
					t.Errorf("%s: %s", document, message)
				}
			}
		}
		for _, message := range errorsOf(t, document, true) {
			told += len(names.FindAllString(message, -1))
		}
	}
	if told < 2*len(mistaken) {
		t.Errorf("%d names in the messages of an open server, too few to prove anything", told)
	}
}

func TestRulesTell(t *testing.T) {
	for document, want := range map[string][2]string{
		`{ Xnumbe }`:                 {`Cannot query field "Xnumbe" on type "XQuery". Did you mean "Xnumber"?`, `Cannot query field "Xnumbe" on type "…".`},
		`{ Xtwo }`:                   {`Field "Xtwo" of type "XPlant" must have a selection of subfields. Did you mean "Xtwo { ... }"?`, `Field "Xtwo" of type "…" must have a selection of subfields.`},
		`{ Xone { Xname } }`:         {`Field "Xone" argument "Xid" of type "ID!" is required, but it was not provided.`, `Field "Xone" argument "…" of type "…!" is required, but it was not provided.`},
		`{ Xtwo(Xid: 1) { Xsize } }`: {`Unknown argument "Xid" on field "XQuery.Xtwo".`, `Unknown argument "Xid" on field "….Xtwo".`},
	} {
		for i, tell := range []bool{true, false} {
			if got := errorsOf(t, document, tell); len(got) != 1 || got[0] != want[i] {
				t.Errorf("%s: %q, want %q", document, got, want[i])
			}
		}
	}
}

func TestFewErrors(t *testing.T) {
	for _, tell := range []bool{true, false} {
		if got := len(errorsOf(t, "{"+strings.Repeat(" Xon", 1000)+" }", tell)); got != 20 {
			t.Errorf("%d errors, want 20", got)
		}
	}
}
