package mysql

import "menshen/store"

// countFacets counts who leaves and who enters a facet, a group of users that is
// counted.
func (t *tx) countFacets(before, after *store.User) {
	for _, change := range []struct {
		user *store.User
		by   int
	}{{before, -1}, {after, +1}} {
		if change.user != nil {
			for _, facet := range change.user.Facets() {
				t.count(facet, change.by)
			}
		}
	}
}
