package token_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/token"
)

// vectors is testdata/vectors.json, made with node's crypto. It holds the
// formats that are saved or given out: as long as this test passes, an upgrade
// ends no login.
type vectors struct {
	KeySet                                        json.RawMessage
	JWKS, ES256, EdDSA, RefreshToken, RefreshHash string
}

func openVectors(t *testing.T) (fixture, vectors) {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	f := fixture{shelf: &shelf{data: v.KeySet}, clock: &clock{t: time.Unix(1700000000, 0)}}
	f.opts = token.Options{Issuer: "menshen", Load: f.shelf.load, Update: f.shelf.update, Now: f.clock.now}
	return f.again(t), v
}

func TestVectors(t *testing.T) {
	f, v := openVectors(t)

	t.Run("tokens of both algorithms verify", func(t *testing.T) {
		want := token.Claims{
			UserID: "usr_1", SessionID: "ses_1", AppID: "wx0123456789abcdef", ID: "jti_1",
			IssuedAt: time.Unix(1700000000, 0).UTC(), ExpiresAt: time.Unix(1700007200, 0).UTC(),
		}
		for _, raw := range []string{v.ES256, v.EdDSA} {
			f.wantClaims(t, raw, want)
		}
	})

	t.Run("the JWKS is the same text", func(t *testing.T) {
		if diff := cmp.Diff(v.JWKS, string(f.JWKS())); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("a kid is the thumbprint of RFC 8037 appendix A.3", func(t *testing.T) {
		if got := f.Keys()[0].ID; got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
			t.Errorf("kid %s", got)
		}
	})

	t.Run("the refresh token is the same text", func(t *testing.T) {
		want := token.Refresh{SessionID: "ses_1", Generation: 258, KeyID: 0x0a0b0c0d}
		f.wantRefresh(t, v.RefreshToken, want)
		if raw := f.refresh(t, want); raw != v.RefreshToken {
			t.Errorf("derived %s, want %s", raw, v.RefreshToken)
		}
		hash := token.HashRefresh(v.RefreshToken)
		if got := hex.EncodeToString(hash[:]); got != v.RefreshHash {
			t.Errorf("hash %s, want %s", got, v.RefreshHash)
		}
	})

	t.Run("a saved set is written back as it was", func(t *testing.T) {
		if _, err := f.Prune(t.Context(), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		var before, after map[string][]map[string]any
		decodeLists(t, v.KeySet, &before)
		decodeLists(t, f.shelf.data, &after)
		before["access"] = before["access"][1:] // the retired one
		if diff := cmp.Diff(before, after); diff != "" {
			t.Error(diff)
		}
	})
}

// decodeLists reads the lists of a key set document.
func decodeLists(t *testing.T, data []byte, into *map[string][]map[string]any) {
	t.Helper()
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if string(doc["version"]) != "1" {
		t.Fatalf("version %s, want 1", doc["version"])
	}
	delete(doc, "version")
	*into = map[string][]map[string]any{}
	for name, text := range doc {
		var list []map[string]any
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatal(err)
		}
		(*into)[name] = list
	}
}
