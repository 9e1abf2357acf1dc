package wechattest

import "time"

// quota counts calls in fixed spans of time, as WeChat does: "retry next
// minute". Days are those of China.
type quota struct {
	span  time.Duration
	start time.Time
	used  map[string]int
}

// china is how far ahead of UTC WeChat's days begin, the whole year.
const china = 8 * time.Hour

// allow counts one call under name and reports whether it is within limit.
func (q *quota) allow(name string, limit int, now time.Time) bool {
	if start := now.Add(china).Truncate(q.span); !start.Equal(q.start) || q.used == nil {
		q.start, q.used = start, map[string]int{}
	}
	if q.used[name] >= limit {
		return false
	}
	q.used[name]++
	return true
}
