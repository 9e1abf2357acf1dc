package token_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"menshen/token"
	"time"
)

// verifyByJWKS is a third party: it has the JWKS and the standard library.
func verifyByJWKS(t *testing.T, jwks []byte, raw string) bool {
	t.Helper()
	header, _, sig := segments(t, raw)
	var head map[string]string
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal([]byte(header), &head); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(set.Keys, func(k map[string]string) bool { return k["kid"] == head["kid"] })
	if at < 0 || set.Keys[at]["alg"] != head["alg"] {
		return false
	}
	key, signed := set.Keys[at], []byte(raw[:strings.LastIndexByte(raw, '.')])
	if key["kty"] == "OKP" && key["crv"] == "Ed25519" {
		return ed25519.Verify(unb64(t, key["x"]), signed, sig)
	}
	point := slices.Concat([]byte{4}, unb64(t, key["x"]), unb64(t, key["y"]))
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(signed)
	return ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
}

func TestJWKSVerifies(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg)+" across a rotation, until the prune", func(t *testing.T) {
			f := open(t, alg)
			before := f.issue(t)
			if err := f.Rotate(t.Context()); err != nil {
				t.Fatal(err)
			}
			after := f.issue(t)
			if !verifyByJWKS(t, f.JWKS(), before) || !verifyByJWKS(t, f.JWKS(), after) {
				t.Error("refused during the overlap")
			}
			if _, err := f.Prune(t.Context(), time.Time{}); err != nil {
				t.Fatal(err)
			}
			if verifyByJWKS(t, f.JWKS(), before) {
				t.Error("the token of a pruned key still verifies")
			}
			if !verifyByJWKS(t, f.JWKS(), after) {
				t.Error("the token of the active key was refused")
			}
		})
	}
}

func TestJWKSMembers(t *testing.T) {
	want := map[token.Algorithm][]string{
		token.ES256: {"alg", "crv", "kid", "kty", "use", "x", "y"},
		token.EdDSA: {"alg", "crv", "kid", "kty", "use", "x"},
	}
	for alg, members := range want {
		t.Run(string(alg), func(t *testing.T) {
			f := open(t, alg)
			var set map[string][]map[string]string
			if err := json.Unmarshal(f.JWKS(), &set); err != nil {
				t.Fatal(err)
			}
			if len(set) != 1 || len(set["keys"]) != 1 {
				t.Fatalf("JWKS %s", f.JWKS())
			}
			key := set["keys"][0]
			if diff := cmp.Diff(members, slices.Sorted(maps.Keys(key))); diff != "" {
				t.Error(diff)
			}
			if key["use"] != "sig" || key["alg"] != string(alg) || key["kid"] != f.Keys()[0].ID {
				t.Errorf("key %v", key)
			}
		})
	}
}

func TestJWKSIsOldestFirst(t *testing.T) {
	f := open(t, token.ES256)
	for range 5 {
		if err := f.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(f.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, key := range f.Keys() {
		if key.Use == token.UseAccess {
			want = append(want, key.ID)
		}
	}
	var got []string
	for _, key := range set.Keys {
		got = append(got, key.Kid)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) != 6 {
		t.Errorf("%d keys %s", len(got), diff)
	}
	if other := f.again(t); string(other.JWKS()) != string(f.JWKS()) {
		t.Error("another process publishes another text")
	}
}

func TestJWKSIsTheCallersOwn(t *testing.T) {
	f := open(t, token.ES256)
	want := string(f.JWKS())
	clear(f.JWKS())
	if got := string(f.JWKS()); got != want {
		t.Errorf("JWKS %q, want %q", got, want)
	}
}
