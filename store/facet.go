package store

import "slices"

// The facets of the directory that are no app's. A facet is a group of users that is
// counted, and its name is kept: it must not change.
const (
	FacetEverybody = "users"
	FacetBlocked   = "blocked"
	FacetAdmin     = "admin"
)

// AppFacet is the facet of those who have an identity in an app.
func AppFacet(appID string) string { return "app " + appID }

// Facets returns the facets that the user stands in, each once.
func (u User) Facets() []string {
	facets := []string{FacetEverybody}
	if u.Blocked() {
		facets = append(facets, FacetBlocked)
	}
	if u.Role == RoleAdmin {
		facets = append(facets, FacetAdmin)
	}
	for _, i := range u.Identities {
		if facet := AppFacet(i.AppID); !slices.Contains(facets, facet) {
			facets = append(facets, facet)
		}
	}
	return facets
}
