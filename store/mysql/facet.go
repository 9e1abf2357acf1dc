package mysql

import (
	"slices"

	"menshen/store"
)

// countFacets counts who leaves and who enters a facet, a group of users that is
// counted.
func (t *tx) countFacets(before, after *store.User) {
	for _, change := range []struct {
		user *store.User
		by   int
	}{{before, -1}, {after, +1}} {
		if change.user != nil {
			for _, facet := range facetsOf(*change.user) {
				t.count(facet, change.by)
			}
		}
	}
}

// The facets that are no app's.
const (
	facetEverybody = "users"
	facetBlocked   = "blocked"
	facetAdmin     = "admin"
)

func appFacet(appID string) string { return "app " + appID }

func facetsOf(u store.User) []string {
	facets := []string{facetEverybody}
	if u.Blocked() {
		facets = append(facets, facetBlocked)
	}
	if u.Role == store.RoleAdmin {
		facets = append(facets, facetAdmin)
	}
	for _, i := range u.Identities {
		facets = append(facets, appFacet(i.AppID))
	}
	slices.Sort(facets)
	return slices.Compact(facets)
}
