package bolt

import (
	"slices"
	"time"

	"menshen/store"
)

// The facets of the directory, appFacet of each app among them.
const (
	facetEverybody = "users"
	facetBlocked   = "blocked"
	facetAdmin     = "admin"
)

func appFacet(appID string) string { return "app " + appID }

// facetsOf returns the groups that a user stands in, each once.
func facetsOf(u store.User) []string {
	facets := []string{facetEverybody}
	if u.Blocked() {
		facets = append(facets, facetBlocked)
	}
	if u.Role == store.RoleAdmin {
		facets = append(facets, facetAdmin)
	}
	for _, i := range u.Identities {
		if facet := appFacet(i.AppID); !slices.Contains(facets, facet) {
			facets = append(facets, facet)
		}
	}
	return facets
}

// directoryPrefix is what the keys of one facet in one order begin with.
func directoryPrefix(facet string, order store.UserOrderField) []byte {
	letter := byte('c')
	if order == store.ByLastLoginAt {
		letter = 'l'
	}
	return append([]byte(facet), 0, letter)
}

func directoryKey(facet string, order store.UserOrderField, t time.Time, user store.RawID) []byte {
	return append(directoryPrefix(facet, order), at(t, user[:])...)
}

func nickNameKey(folded string, user store.RawID) []byte {
	return append(append([]byte(folded), 0), user[:]...)
}

// splitNickNameKey returns the user of an entry in nicknames.
func splitNickNameKey(key []byte) (store.RawID, error) {
	end := len(key) - len(store.RawID{})
	if end < 1 || key[end-1] != 0 {
		return store.RawID{}, misnamed(bucketNickNames)
	}
	return rawID(key[end:]), nil
}
