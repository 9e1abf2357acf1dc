package bolt

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"menshen/store"
)

func benchStore(b *testing.B) *Store {
	options := testOptions()
	options.Now = time.Now
	s := mustOpen(b, filepath.Join(b.TempDir(), "menshen.db"), options)
	b.Cleanup(func() { closeTest(b, s) })
	return s
}

// BenchmarkLogin logs new users in on a file that is synced: one caller after
// the other, and 64 at once, who share commits.
func BenchmarkLogin(b *testing.B) {
	var n atomic.Int64
	come := func(b *testing.B, s *Store) {
		if _, err := s.Login(b.Context(), login(fmt.Sprintf("person-%d", n.Add(1)))); err != nil {
			b.Error(err)
		}
	}
	report := func(b *testing.B, s *Store, before uint64) {
		b.ReportMetric(float64(s.Commits()-before)/float64(b.N), "commits/login")
	}
	b.Run("1 at once", func(b *testing.B) {
		s := benchStore(b)
		before := s.Commits()
		for b.Loop() {
			come(b, s)
		}
		report(b, s, before)
	})
	b.Run("64 at once", func(b *testing.B) {
		s := benchStore(b)
		before := s.Commits()
		b.SetParallelism(64 / runtime.GOMAXPROCS(0))
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				come(b, s)
			}
		})
		report(b, s, before)
	})
}

// BenchmarkAuthenticate reads one of a thousand sessions with its user, who has
// a phone number to open.
func BenchmarkAuthenticate(b *testing.B) {
	s := benchStore(b)
	var ids [1000]string
	for i := range ids {
		out := mustLogin(b, s, login(fmt.Sprintf("person-%d", i)))
		if _, err := s.BindPhone(b.Context(), out.User.ID, numbered(i), store.Actor{}); err != nil {
			b.Fatal(err)
		}
		ids[i] = out.Session.ID
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, _, err := s.Authenticate(b.Context(), ids[i%len(ids)]); err != nil {
				b.Error(err)
			}
		}
	})
}
