package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"testing"

	"menshen/wechat/wechattest"
)

// claims is what verify.mjs says of a token.
type claims struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
	Session string `json:"sid"`
	Refused string // jose's code, "" when the token was accepted
}

// TestForeignVerifier has another language's JOSE library verify our tokens
// with the JWKS alone, across a rotation.
func TestForeignVerifier(t *testing.T) {
	requireJose(t)
	for _, algorithm := range []string{"ES256", "EdDSA"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			sim := wechattest.New(t)
			house := install(t, sim.URL())
			server := house.serve("--token-alg", algorithm)
			verifier := startVerifier(t, server, wechattest.DevAppID, algorithm)

			old := server.loginAs(sim, "mei")
			verifier.expectAccepted(old)
			keyTable(t, house, "rotate")
			fresh := server.loginAs(sim, "lin")
			verifier.expectAccepted(fresh) // it fetches the key it does not know
			verifier.expectAccepted(old)
			keyTable(t, house, "prune")
			// A verifier that has not cached the old key; max-age lets one do so
			// for five minutes.
			later := startVerifier(t, server, wechattest.DevAppID, algorithm)
			later.expectAccepted(fresh)
			later.expectRefused(old.AccessToken, "ERR_JWKS_NO_MATCHING_KEY")

			foreign := startVerifier(t, server, "wxanother", algorithm)
			foreign.expectRefused(fresh.AccessToken, "ERR_JWT_CLAIM_VALIDATION_FAILED")
			later.expectRefused(fresh.RefreshToken, "ERR_JWS_INVALID")
		})
	}
}

func requireJose(t *testing.T) {
	t.Helper()
	probe := exec.Command("node", "--input-type=module", "-e", "import 'jose'")
	probe.Dir = "testdata/node"
	if out, err := probe.CombinedOutput(); err != nil {
		skipOrFail(t, "node or its package jose is missing; make test installs both: %v\n%s", err, out)
	}
}

// verifier is verify.mjs, running.
type verifier struct {
	t       *testing.T
	tokens  io.Writer
	answers *bufio.Scanner
}

func startVerifier(t *testing.T, server *running, audience, algorithm string) *verifier {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "verify.mjs", server.url+"/.well-known/jwks.json", "menshen", audience, algorithm)
	cmd.Dir = "testdata/node"
	tokens, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tokens.Close()
		cmd.Wait() // t.Context has ended and node with it
	})
	return &verifier{t, tokens, bufio.NewScanner(answers)}
}

func (v *verifier) verify(token string) (verdict claims) {
	v.t.Helper()
	fmt.Fprintln(v.tokens, token)
	if !v.answers.Scan() {
		v.t.Fatal("the verifier does not answer")
	}
	if err := json.Unmarshal(v.answers.Bytes(), &verdict); err != nil {
		v.t.Fatal(err)
	}
	return verdict
}

func (v *verifier) expectAccepted(tokens pair) {
	v.t.Helper()
	got := v.verify(tokens.AccessToken)
	if got.Refused != "" || got.Issuer != "menshen" || got.Subject != tokens.User.ID || got.Session == "" {
		v.t.Errorf("verdict %+v, want user %s", got, tokens.User.ID)
	}
}

func (v *verifier) expectRefused(token, code string) {
	v.t.Helper()
	if got := v.verify(token); got.Refused != code {
		v.t.Errorf("verdict %+v, want it refused with %s", got, code)
	}
}
