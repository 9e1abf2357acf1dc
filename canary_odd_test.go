package main_test

import (
	"net/http"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"menshen/graph"
)

// rootFields are those of the schema, with the kind of operation each belongs to.
func rootFields() map[string]rootField {
	fields := map[string]rootField{}
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	for operation, root := range map[string]*ast.Definition{
		"query": schema.Query, "mutation": schema.Mutation, "subscription": schema.Subscription,
	} {
		for _, field := range root.Fields {
			if !strings.HasPrefix(field.Name, "__") {
				fields[field.Name] = rootField{operation, placesIn(schema, field.Arguments)}
			}
		}
	}
	return fields
}

type rootField struct {
	operation string
	places    []place
}

// place is where a client puts a value: an argument, or a field of an input
// object that is one.
type place struct{ argument, field string }

func placesIn(schema *ast.Schema, arguments ast.ArgumentDefinitionList) (places []place) {
	for _, argument := range arguments {
		places = append(places, place{argument: argument.Name})
		if input := schema.Types[argument.Type.Name()]; input.Kind == ast.InputObject {
			for _, field := range input.Fields {
				places = append(places, place{argument.Name, field.Name})
			}
		}
	}
	return places
}

// around is what stands before and after the value of a place in a document.
func (p place) around() (before, after string) {
	if p.field == "" {
		return p.argument + ": ", ""
	}
	return p.argument + ": {" + p.field + ": ", "}"
}

// visitOddDocuments puts a secret where it does not belong, in every place of
// every root field.
func (tr *tour) visitOddDocuments() {
	tokens := tr.login("mei")
	for _, secret := range []string{tr.code("mei"), tokens.AccessToken, tokens.RefreshToken, tr.house.adminKey, "13912345678"} {
		for name, field := range rootFields() {
			for _, place := range field.places {
				bearer := tokens.AccessToken
				if place.field != "" { // else it might become a profile, which is no secret
					bearer = ""
				}
				for _, document := range oddDocuments(field.operation, name, place, secret) {
					variables := map[string]any{"v": secret, "w": map[string]any{"x": secret}}
					tr.ask(bearer, document, variables)
					if field.operation == "subscription" {
						tr.overhear(bearer, document, variables)
					}
				}
			}
			tr.ask(tokens.AccessToken, field.operation+` { `+name+`(unknown: "`+secret+`") { __typename } }`, nil)
		}
		tr.ask(tokens.AccessToken, `{ me { id @skip(if: "`+secret+`") } }`, nil)
		tr.ask(tokens.AccessToken, `query { me { id } } # `+secret+"\n query", nil)
		tr.post(`{"query":"query A { me { id } } query B { me { id } }","operationName":"`+secret+`"}`, nil)
	}
}

func oddDocuments(operation, field string, place place, secret string) []string {
	before, after := place.around()
	before, after = " { "+field+"("+before, after+") { __typename } }"
	return []string{
		operation + before + `"` + secret + `"` + after,
		operation + before + secret + after, // the quotes forgotten
		operation + before + `["` + secret + `"]` + after,
		operation + before + `{x: "` + secret + `"}` + after,
		operation + before + `"""` + secret + `"""` + after,
		operation + before + `"` + secret + `\q"` + after,
		operation + before + `"` + secret,
		operation + `($v: Boolean!)` + before + `$v` + after,
		operation + `($v: [Int!]!)` + before + `$v` + after,
		operation + `($w: String!)` + before + `$w` + after,
		operation + `($v: Int = "` + secret + `")` + before + `$v` + after,
	}
}

// visitOddRequests sends what is not a GraphQL request, with secrets in it.
func (tr *tour) visitOddRequests() {
	tokens, code := tr.login("mei"), tr.code("mei")
	login := `{"query":"mutation { login(code: \"` + code + `\") { accessToken } }"}`
	for _, body := range []string{
		code, login[:len(login)-1], login[:len(login)/2], login + login, "[" + login + "]", `{"query":` + code + `}`,
		`{"query":"{ me { id } }","variables":"` + code + `"}`, `{"query":"{ me { id } }","extensions":"` + code + `"}`,
		`{"query":["` + code + `"]}`, `{"` + code + `":1}`, strings.Repeat(login, 4000), "\xff" + code,
		`{"query":"{ ` + strings.Repeat("me { id } ", 1000) + `# ` + code + `"}`,
	} {
		tr.post(body, nil)
	}
	for _, header := range []map[string]string{
		{"Content-Type": "text/plain; token=" + tokens.AccessToken},
		{"Content-Type": "application/x-www-form-urlencoded"},
		{"Accept": "text/" + tr.house.adminKey},
		{"Authorization": "Basic " + tr.house.adminKey},
		{"Authorization": tokens.AccessToken},
		{"Authorization": "Bearer " + tokens.RefreshToken + " " + tokens.AccessToken},
		{"Cookie": "token=" + tokens.AccessToken, "Referer": "https://servicewechat.com/?code=" + code},
		{"X-Request-Id": tokens.AccessToken, "X-Forwarded-For": tokens.AccessToken, "Origin": "https://" + code},
	} {
		tr.post(login, header)
	}
	for _, path := range []string{
		"/graphql?query={me{id}}&access_token=" + tokens.AccessToken, "/graphql?code=" + code, "/graphql/" + tokens.AccessToken,
		"//graphql?code=" + code, "/" + tokens.RefreshToken, "/healthz?token=" + tr.house.adminKey, "/playground?code=" + code,
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			tr.send(method, path, login, nil)
		}
	}
}

// visitPages fetches all that is not GraphQL.
func (tr *tour) visitPages() {
	tokens := tr.login("mei")
	for _, path := range []string{"/healthz", "/readyz", "/.well-known/jwks.json", "/playground", "/metrics", "/"} {
		for _, bearer := range []string{"", tokens.AccessToken, tr.house.adminKey} {
			tr.server.get(path, bearer)
		}
	}
}
