package resolvers

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"time"

	"menshen/graph"
	"menshen/store"
)

const (
	defaultPage = 20
	maxPage     = 100
)

// pageSize returns how many items a page has; what the client leaves out is the
// default.
func pageSize(field string, asked *int32) (int, error) {
	if asked == nil {
		return defaultPage, nil
	}
	if *asked < 1 || *asked > maxPage {
		return 0, invalidInput(field, fmt.Sprintf("must be from 1 to %d", maxPage))
	}
	return int(*asked), nil
}

// pageInfo says where a page stands whose edges have these cursors.
func pageInfo(cursors []string, hasNext, hasPrevious bool) *graph.PageInfo {
	info := &graph.PageInfo{HasNextPage: hasNext, HasPreviousPage: hasPrevious}
	if len(cursors) > 0 {
		info.StartCursor, info.EndCursor = &cursors[0], &cursors[len(cursors)-1]
	}
	return info
}

// edgesOf makes an edge of each record of a page, and returns their cursors too.
func edgesOf[Record, Edge any](
	page []Record, place func(*Record) cursor, edge func(node *Record, cursor string) *Edge,
) ([]*Edge, []string) {
	edges, cursors := make([]*Edge, len(page)), make([]string, len(page))
	for i := range page {
		cursors[i] = place(&page[i]).text()
		edges[i] = edge(&page[i], cursors[i])
	}
	return edges, cursors
}

// The lists that have cursors. A cursor of one is none of another's.
const (
	usersByCreatedAt   = 'c'
	usersByLastLoginAt = 'l'
	auditEvents        = 'e'
)

// cursor is a place in a list: a time and the id of what stands, or stood,
// there. Clients see the base64url of its bytes.
type cursor struct {
	list byte
	at   time.Time // to the millisecond
	id   store.RawID
}

const cursorSize = 1 + 8 + len(store.RawID{})

func (c cursor) text() string {
	b := append(make([]byte, 0, cursorSize), c.list)
	b = binary.BigEndian.AppendUint64(b, uint64(c.at.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(append(b, c.id[:]...))
}

// parseCursor reads a cursor of a list. Each has exactly one text; anything else
// is refused.
func parseCursor(field string, list byte, text string) (cursor, error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != cursorSize || b[0] != list {
		return cursor{}, invalidInput(field, "is not a cursor of this list and order")
	}
	millis := int64(binary.BigEndian.Uint64(b[1:9]))
	c := cursor{list, time.UnixMilli(millis).UTC(), store.RawID(b[9:])}
	if millis < 0 || millis > lastMilli || c.text() != text {
		return cursor{}, invalidInput(field, "is not a cursor of this list and order")
	}
	return c, nil
}

// lastMilli ends the time that an id can hold.
const lastMilli = 1<<48 - 1

// timeRange checks the two ends of a time filter. Nothing happened before 1970,
// so an earlier instant means its beginning; it must not become the zero time,
// which is no bound.
func timeRange(fromField, toField string, from, to *time.Time) (store.TimeRange, error) {
	bound := func(t *time.Time) time.Time {
		switch epoch := time.UnixMilli(0).UTC(); {
		case t == nil:
			return time.Time{}
		case t.Before(epoch):
			return epoch
		}
		return *t
	}
	if from != nil && to != nil && from.After(*to) {
		return store.TimeRange{}, invalidInput(toField, "must not lie before "+fromField)
	}
	return store.TimeRange{From: bound(from), To: bound(to)}, nil
}

// maxSlow is how many fields of one request may take long: counts that no counter
// answers, each of which walks over as many as store.CountLimit records, and new
// tickets, each with a picture that WeChat draws. A page needs one.
const maxSlow = 3

// goSlow allows one more field that takes long.
func (v *visit) goSlow() error {
	if v.slow.Add(1) > maxSlow {
		return errTooSlow
	}
	return nil
}

// counted counts what a filter lets through, once for all fields of a request that
// ask. Unless it is free, it is one of those that take long.
func counted[F comparable](v *visit, filter F, free bool, count func() (int, bool, error)) (*int32, error) {
	once, _ := v.counts.LoadOrStore(filter, sync.OnceValues(func() (*int32, error) {
		if !free {
			if err := v.goSlow(); err != nil {
				return nil, err
			}
		}
		return ifExact(count())
	}))
	return once.(func() (*int32, error))()
}

// ifExact is a count for a client, nil unless it is exact.
func ifExact(n int, exact bool, err error) (*int32, error) {
	if err != nil || !exact || n > math.MaxInt32 {
		return nil, err
	}
	return new(int32(n)), nil
}
