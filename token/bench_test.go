package token_test

import (
	"testing"
	"time"

	"menshen/token"
)

func BenchmarkIssue(b *testing.B) {
	for _, alg := range algorithms {
		b.Run(string(alg), func(b *testing.B) {
			f := open(b, alg)
			c := f.claims()
			for b.Loop() {
				if _, err := f.Issue(c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerifyCached(b *testing.B) {
	f := open(b, token.ES256)
	raw := f.issue(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Verify(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyES256(b *testing.B) { benchmarkVerify(b, token.ES256) }
func BenchmarkVerifyEdDSA(b *testing.B) { benchmarkVerify(b, token.EdDSA) }

// benchmarkVerify takes turns with two tokens in a cache of one, so that none
// is remembered.
func benchmarkVerify(b *testing.B, alg token.Algorithm) {
	f := open(b, alg)
	f.opts.CacheSize = 1
	f = f.again(b)
	first := f.issue(b)
	f.clock.advance(time.Second)
	turns := []string{first, f.issue(b)}
	for i := 0; b.Loop(); i++ {
		if _, err := f.Verify(turns[i%2]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseRefresh(b *testing.B) {
	f := open(b, token.ES256)
	raw := f.refresh(b, f.NextRefresh("ses_0123456789abcdef", 1))
	for b.Loop() {
		if _, err := f.ParseRefresh(raw); err != nil {
			b.Fatal(err)
		}
	}
}
