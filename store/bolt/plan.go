package bolt

import (
	"cmp"
	"errors"
	"iter"
	"slices"

	"menshen/store"
)

// maxCandidates is such that few candidates are also an exact count.
const maxCandidates = store.CountLimit

// plan chooses how to find the users of a filter: among few candidates, all of
// whom are read and sorted, or along a stretch of the directory.
func (d *directory) plan(f store.UserFilter, by store.UserOrderField) (walker, error) {
	facet := d.smallestFacet(f)
	wanted := condition{filter: f}
	var sources []iter.Seq2[store.RawID, error]
	if f.Search != "" {
		var err error
		if wanted.search, err = d.meanings(f.Search); err != nil {
			return nil, err
		}
		sources = append(sources, d.everybodyFound(*wanted.search))
	}
	if other := otherField(by); rangeOf(&f, other).Bounded() {
		sources = append(sources, usersOf(d.entriesIn(stretchOf(facet, other, *rangeOf(&f, other)))))
	}
	candidates, found, err := shortest(sources, min(maxCandidates, d.size(facet)))
	if err != nil {
		return nil, err
	}
	if found {
		return d.walkCandidates(candidates, wanted, by)
	}
	return d.walkStretch(stretchOf(facet, by, *rangeOf(&f, by)), wanted), nil
}

// smallestFacet returns the smallest facet in which all users of a filter stand.
func (d *directory) smallestFacet(f store.UserFilter) string {
	facets := []string{store.FacetEverybody}
	if f.AppID != "" {
		facets = append(facets, store.AppFacet(f.AppID))
	}
	if f.Status == store.StatusBlocked {
		facets = append(facets, store.FacetBlocked)
	}
	if f.Role == store.RoleAdmin {
		facets = append(facets, store.FacetAdmin)
	}
	return slices.MinFunc(facets, func(a, b string) int { return cmp.Compare(d.size(a), d.size(b)) })
}

// shortest returns the candidates of the source that has the fewest, unless each
// has more than limit.
func shortest(sources []iter.Seq2[store.RawID, error], limit int) (candidates []store.RawID, found bool, err error) {
	for _, source := range sources {
		ids, whole, err := collect(source, limit)
		if err != nil {
			return nil, false, err
		}
		if whole {
			candidates, found, limit = ids, true, len(ids)
		}
	}
	return candidates, found, nil
}

// walkCandidates walks over those of the candidates who meet a condition.
func (d *directory) walkCandidates(candidates []store.RawID, wanted condition, by store.UserOrderField) (walker, error) {
	var places []place
	for _, id := range candidates {
		user, err := d.listed(id)
		if err != nil {
			return nil, err
		}
		if wanted.metBy(user) {
			places = append(places, placeOf(by.TimeOf(user), id))
		}
	}
	slices.SortFunc(places, place.compare)
	return walkAmong(slices.Compact(places)), nil
}

// walkStretch walks over those in a stretch who meet a condition. Records are read
// only for what the stretch does not say already.
func (d *directory) walkStretch(s stretch, wanted condition) walker {
	everybody := d.entriesIn(s)
	wanted = wanted.within(s)
	if wanted == (condition{}) {
		return everybody
	}
	return func(from bound, up bool) iter.Seq2[place, error] {
		return func(yield func(place, error) bool) {
			for p, err := range everybody(from, up) {
				met := false
				if err == nil {
					met, err = d.meets(p.user(), wanted)
				}
				if (met || err != nil) && !yield(p, err) {
					return
				}
			}
		}
	}
}

func (d *directory) meets(id store.RawID, wanted condition) (bool, error) {
	user, err := d.listed(id)
	return err == nil && wanted.metBy(user), err
}

// listed reads a user whom an index names, but for the phone number.
func (d *directory) listed(id store.RawID) (store.User, error) {
	if err := d.step(); err != nil {
		return store.User{}, err
	}
	user, err := d.facts(id)
	if errors.Is(err, store.ErrNotFound) {
		err = dangling("user")
	}
	return user, err
}

// condition is what a user has to meet.
type condition struct {
	filter store.UserFilter
	search *search // nil for none
}

func (c condition) metBy(u store.User) bool {
	return (c.search == nil || c.search.finds(u)) && c.filter.MatchesButSearch(u)
}

// within returns what is left of a condition for those who stand in a stretch that
// was chosen for it.
func (c condition) within(s stretch) condition {
	f := &c.filter
	f.Search = "" // it is in c.search
	*rangeOf(f, s.by) = store.TimeRange{}
	switch s.facet {
	case store.AppFacet(f.AppID):
		f.AppID = ""
	case store.FacetBlocked:
		f.Status = ""
	case store.FacetAdmin:
		f.Role = ""
	}
	return c
}

// rangeOf returns the condition on the time that an order sorts by.
func rangeOf(f *store.UserFilter, by store.UserOrderField) *store.TimeRange {
	if by == store.ByLastLoginAt {
		return &f.LastLogin
	}
	return &f.Created
}

func otherField(by store.UserOrderField) store.UserOrderField {
	if by == store.ByLastLoginAt {
		return store.ByCreatedAt
	}
	return store.ByLastLoginAt
}

// usersOf walks over a whole stretch and yields the ids alone.
func usersOf(stretch walker) iter.Seq2[store.RawID, error] {
	return func(yield func(store.RawID, error) bool) {
		for p, err := range stretch(lowest, true) {
			if !yield(p.user(), err) {
				return
			}
		}
	}
}
