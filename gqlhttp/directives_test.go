package gqlhttp_test

import "testing"

// TestDirectivesBeside proves that an operation is not refused for the variables
// of another in its document.
func TestDirectivesBeside(t *testing.T) {
	const document = `query one { name } query two($a: Boolean!) { ...f } fragment f on Query { name @skip(if: $a) }`
	for operation, refusals := range map[string]int{"one": 0, "two": 1} {
		got := newServer(false).do(t, post(`{"query":"`+document+`","operationName":"`+operation+`"}`))
		if len(got.errors) != refusals {
			t.Errorf("%s: %s", operation, got.body)
		}
	}
}
