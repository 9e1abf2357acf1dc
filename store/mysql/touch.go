package mysql

import (
	"context"
	"maps"
	"slices"
	"time"
)

// flushTouches writes down when this instance saw sessions used last. Another may
// have seen them later, or have ended them. Done twice it comes to the same. The
// order of ids keeps two instances from waiting for each other.
func (s *Store) flushTouches(ctx context.Context) error {
	return s.touched.Flush(ctx, func(ctx context.Context, used map[string]time.Time) error {
		return s.change(ctx, "touch", func(_ context.Context, t *tx) error {
			for _, id := range slices.Sorted(maps.Keys(used)) {
				t.write("UPDATE sessions SET last_used_at = ? WHERE id = ? AND last_used_at < ? AND blocked = 0 AND expires_at > ?",
					ms(used[id]), rawSession(id), ms(used[id]), ms(t.now))
			}
			return nil
		})
	})
}
