package resolvers

import (
	"context"
	"fmt"

	"menshen/store"
)

// maxDays is how many days of activity one answer holds: a year and a month.
const maxDays = 400

// UserActivity answers the figures of each day, the last one included.
func (r query) UserActivity(ctx context.Context, from, to store.Day, appID *string) ([]*store.Activity, error) {
	if from > to {
		return nil, invalidInput("to", "must not lie before from")
	}
	if to-from >= maxDays {
		return nil, invalidInput("to", fmt.Sprintf("must be at most %d days after from", maxDays-1))
	}
	days, err := r.Store.Activity(ctx, from, to, orZero(appID))
	return pointers(days), err
}
