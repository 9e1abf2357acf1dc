package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestWhoMaySendWhichDocuments asks with documents that are in the manifest, by
// name and in full, and with one that is not.
func TestWhoMaySendWhichDocuments(t *testing.T) {
	const trusted, other = "{ me { id } }", "{ __typename }"
	byName := map[string]string{"documentId": "whoAmI"}
	inFull := func(document string) map[string]string { return map[string]string{"query": document} }
	const refused = "DOCUMENT_NOT_TRUSTED"
	tests := []struct {
		untrusted, bearer string
		request           map[string]string
		want              string // code
	}{
		{"everyone", "", byName, "UNAUTHENTICATED"}, // it ran
		{"everyone", "", inFull(trusted), "UNAUTHENTICATED"},
		{"everyone", "", inFull(other), ""},
		{"admin", "", byName, "UNAUTHENTICATED"},
		{"admin", "", inFull(trusted), "UNAUTHENTICATED"},
		{"admin", "", inFull(other), refused},
		{"admin", testAdminKey, inFull(other), ""},
		{"nobody", "", byName, "UNAUTHENTICATED"},
		{"nobody", "", inFull(trusted), "UNAUTHENTICATED"},
		{"nobody", "", inFull(other), refused},
		{"nobody", testAdminKey, inFull(other), refused},
		{"nobody", testAdminKey, inFull(trusted + " "), refused},
	}
	manifest := filepath.Join(t.TempDir(), "persisted-documents.json")
	if err := os.WriteFile(manifest, []byte(`{"whoAmI":"`+trusted+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		i := newInside(t, settings{documentSettings: documentSettings{TrustedDocuments: manifest, UntrustedDocuments: test.untrusted}})
		if got := i.request(t, test.bearer, test.request).codes(); got != test.want {
			t.Errorf("untrusted documents of %s, bearer %q, %v: %q, want %q", test.untrusted, test.bearer, test.request, got, test.want)
		}
	}
}

// request sends the members of a GraphQL request.
func (i *inside) request(t *testing.T, bearer string, members map[string]string) response {
	t.Helper()
	body, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	headers := []string{"Content-Type", "application/json"}
	if bearer != "" {
		headers = append(headers, "Authorization", "Bearer "+bearer)
	}
	r := i.send(t, "POST", "/graphql", string(body), headers...)
	if err := json.Unmarshal([]byte(r.body), &r.graphQL); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	return r
}
