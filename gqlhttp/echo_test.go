package gqlhttp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// canary stands where a client might put a secret, by design or by mistake.
const canary = "canary0a1B2c3D"

// TestNoEcho proves that a value of the request comes back in no message,
// wherever it stands and whatever is wrong.
func TestNoEcho(t *testing.T) {
	for name, test := range map[string]struct {
		document  string
		variables any
	}{
		"a literal beside a wrong field":      {`{ dog(name: "canary0a1B2c3D") { cat } }`, nil},
		"a literal of a wrong argument":       {`{ dog(nam: "canary0a1B2c3D") { name } }`, nil},
		"a String for an Int":                 {`{ dog(age: "canary0a1B2c3D") { name } }`, nil},
		"a String for a Float":                {`{ dog(weight: "canary0a1B2c3D") { name } }`, nil},
		"a String for a Boolean":              {`{ dog(good: "canary0a1B2c3D") { name } }`, nil},
		"a String for an enum":                {`{ dog(breed: "canary0a1B2c3D") { name } }`, nil},
		"a String for an input object":        {`{ dog(tag: "canary0a1B2c3D") { name } }`, nil},
		"a String for a list":                 {`{ dog(tags: ["canary0a1B2c3D"]) { name } }`, nil},
		"a list for a String":                 {`{ dog(name: ["canary0a1B2c3D"]) { name } }`, nil},
		"an object for a String":              {`{ dog(name: {a: "canary0a1B2c3D"}) { name } }`, nil},
		"a String without quotes":             {`{ dog(name: canary0a1B2c3D) { name } }`, nil},
		"an ID without quotes":                {`{ dog(id: canary0a1B2c3D) { name } }`, nil},
		"an enum value that is not":           {`{ dog(breed: canary0a1B2c3D) { name } }`, nil},
		"half without quotes":                 {`{ dog(name: canary0a1B2c3D-x) { name } }`, nil},
		"in single quotes":                    {`{ dog(name: 'canary0a1B2c3D') { name } }`, nil},
		"without the last quote":              {`{ dog(name: "canary0a1B2c3D) { name } }`, nil},
		"behind a wrong escape":               {`{ dog(name: "\q canary0a1B2c3D") { name } }`, nil},
		"behind a wrong code point":           {`{ dog(name: "\uZZZZ canary0a1B2c3D") { name } }`, nil},
		"with an escape":                      {`{ dog(age: "x\"canary0a1B2c3D\u00e9") { name } }`, nil},
		"in a block":                          {`{ dog(age: """ canary0a1B2c3D """) { name } }`, nil},
		"a literal where none may stand":      {`{ dog "canary0a1B2c3D" { name } }`, nil},
		"a name where none may stand":         {`canary0a1B2c3D`, nil},
		"a name in a fragment's place":        {`fragment f canary0a1B2c3D Dog { name }`, nil},
		"a field of an input object":          {`{ dog(tag: {number: "canary0a1B2c3D", canary0a1B2c3D: 1}) { name } }`, nil},
		"a default of a wrong type":           {`query($a: Int = "canary0a1B2c3D") { dog(age: $a) { name } }`, nil},
		"a default without quotes":            {`query($a: String = canary0a1B2c3D) { dog(name: $a) { name } }`, nil},
		"a list for a variable":               {`query($a: String) { dog(name: $a) { name } }`, map[string]any{"a": []any{canary}}},
		"an enum for a variable":              {`query($a: Breed) { dog(breed: $a) { name } }`, map[string]any{"a": canary}},
		"an object for a variable":            {`query($a: Tag) { dog(tag: $a) { name } }`, map[string]any{"a": map[string]any{"number": []any{canary}}}},
		"an enum deep in a variable":          {`query($a: [Tag!]) { dog(tags: $a) { name } }`, map[string]any{"a": []any{map[string]any{"number": "1", "colour": canary}}}},
		"a member's name in a variable":       {`query($a: Tag) { dog(tag: $a) { name } }`, map[string]any{"a": map[string]any{canary: 1}}},
		"a String for an Int, in a variable":  {`query($a: Int) { dog(age: $a) { name } }`, map[string]any{"a": canary}},
		"a value also wrong in the document":  {`query($a: Breed) { dog(breed: $a) { canary0a1B2c3D } }`, map[string]any{"a": canary}},
		"different arguments of a field":      {`{ dog(name: "canary0a1B2c3D") { name } dog(name: "x") { name } }`, nil},
		"a condition that is no Boolean":      {`{ dog @skip(if: "canary0a1B2c3D") { name } }`, nil},
		"an unknown directive's argument":     {`{ dog @canary(a: "canary0a1B2c3D") { name } }`, nil},
		"a comment beside a mistake":          {"{ dog { # canary0a1B2c3D\n } }", nil},
		"a number with letters":               {`{ dog(name: 0canary0a1B2c3D) { name } }`, nil},
		"an operation that is not a mutation": {`subscription { dog(name: "canary0a1B2c3D") { name } }`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := newServer(false).do(t, asking(plain, test.document, test.variables))
			if len(got.errors) == 0 {
				t.Fatalf("nothing is wrong with %s: %s", test.document, got.body)
			}
			for _, e := range got.errors {
				if strings.Contains(fmt.Sprint(e.Message, e.Path), canary[2:]) {
					t.Errorf("repeats the value: %s", got.body)
				}
			}
		})
	}
}

// TestNumbersComeBackNowhere is for codes that are all digits.
func TestNumbersComeBackNowhere(t *testing.T) {
	for _, argument := range []string{"name", "good", "breed", "tag", "tags"} {
		got := newServer(false).do(t, asking(plain, "{ dog("+argument+": 8613800138000) { name } }", nil))
		if len(got.errors) == 0 || strings.Contains(got.body, "138") {
			t.Errorf("%s: %s", argument, got.body)
		}
	}
}

// TestNumbersOfVariablesComeBackNowhere is for a phone number without its quotes.
func TestNumbersOfVariablesComeBackNowhere(t *testing.T) {
	for kind, value := range map[string]string{"Breed": "13800138000", "Tag": `{"number":"1","colour":13800138000}`, "[Breed]": "[13800138000]"} {
		got := newServer(false).do(t, post(`{"query":"query($a: `+kind+`) { dog(breed: $a) { name } }","variables":{"a":`+value+`}}`))
		if len(got.errors) == 0 || strings.Contains(got.body, "138") {
			t.Errorf("%s: %s", kind, got.body)
		}
	}
}

// TestNamesStayReadable keeps the messages useful to whoever writes the client.
func TestNamesStayReadable(t *testing.T) {
	for document, want := range map[string]string{
		`{ dog(name: "canary0a1B2c3D") { nam } }`: `Cannot query field "nam" on type "Dog". Did you mean "name"?`,
		`{ dog(nam: "x") { name } }`:              `Unknown argument "nam" on field "Query.dog". Did you mean "name" or "tag"?`,
		`{ dog(age: "x") { name } }`:              `Int cannot represent non-integer value: …`,
		`{ dog(tag: {colour: PUG}) { name } }`:    `Field "Tag.number" of required type "String!" was not provided.`,
		`{ dog( { name } }`:                       `Expected Name, found {`,
	} {
		got := newServer(false).do(t, asking(plain, document, nil))
		if len(got.errors) != 1 || got.errors[0].Message != want {
			t.Errorf("%s: %s\nwant %s", document, got.body, want)
		}
	}
}

// TestSmallRequestsGetSmallAnswers proves that no document makes the server
// repeat a long name in a hundred errors, nor search them for a thousand values.
func TestSmallRequestsGetSmallAnswers(t *testing.T) {
	name := strings.Repeat("n", maxBody/2)
	var values []any
	for i := range 2000 {
		values = append(values, fmt.Sprintf("value-%d", i))
	}
	for about, document := range map[string]string{
		"an operation with a long name": "query " + name + " {" + strings.Repeat(" dog(age: $a) { name }", 15) + " }",
		"a variable with a long name":   "query($" + name + ": Int) { name }",
		"a field with a long name":      "{ " + name + " }",
		"a type with a long name":       "query($a: " + name + ") { name }",
		"many mistakes":                 "{" + strings.Repeat(" nmae", tokenLimit-10) + " }",
	} {
		t.Run(about, func(t *testing.T) {
			got := newServer(false).do(t, asking(plain, document, map[string]any{"v": values}))
			if len(got.errors) == 0 || len(got.errors) > 20 || len(got.body) > 20_000 {
				t.Errorf("%d bytes get %d errors in %d bytes", len(document), len(got.errors), len(got.body))
			}
		})
	}
}

// TestPathOfAVariable keeps the path, which names variables, in a
// response of request errors.
func TestPathOfAVariable(t *testing.T) {
	got := newServer(false).do(t, asking(plain, `query($a: Tag) { dog(tag: $a) { name } }`, map[string]any{"a": map[string]any{}}))
	if len(got.errors) != 1 {
		t.Fatal(got.body)
	}
	path, err := json.Marshal(got.errors[0].Path)
	if want := `["variable","a","number"]`; err != nil || string(path) != want {
		t.Errorf("path %s, want %s", path, want)
	}
}

func TestSeveralOperations(t *testing.T) {
	got := newServer(false).do(t, asking(plain, "query a { name } query b { name }", nil))
	if len(got.errors) != 1 || !strings.Contains(got.errors[0].Message, "operationName") {
		t.Errorf("%s, want to be told of operationName", got.body)
	}
}
