package graph_test

import (
	"strings"
	"testing"
	"time"

	"menshen/graph"
	"menshen/store"
)

func TestGender(t *testing.T) {
	for gender, name := range map[store.Gender]string{
		store.GenderUnknown: "UNKNOWN", store.GenderMale: "MALE", store.GenderFemale: "FEMALE",
	} {
		var b strings.Builder
		graph.MarshalGender(gender).MarshalGQL(&b)
		if b.String() != `"`+name+`"` {
			t.Errorf("%d is written %s, want %q", gender, b.String(), name)
		}
		if got, err := graph.UnmarshalGender(name); got != gender || err != nil {
			t.Errorf("%s is read as %d, %v, want %d", name, got, err, gender)
		}
	}
	for _, strange := range []store.Gender{-1, 3, 1 << 40} {
		var b strings.Builder
		graph.MarshalGender(strange).MarshalGQL(&b)
		if b.String() != `"UNKNOWN"` {
			t.Errorf("%d, which WeChat does not define, is written %s", strange, b.String())
		}
	}
	for _, v := range []any{"male", "", 1, nil} {
		if got, err := graph.UnmarshalGender(v); err == nil {
			t.Errorf("%v is read as %d", v, got)
		}
	}
}

func TestOptional(t *testing.T) {
	for text, want := range map[store.Optional]string{"": "null", "小梅": `"小梅"`, `"`: `"\""`} {
		var b strings.Builder
		graph.MarshalOptional(text).MarshalGQL(&b)
		if b.String() != want {
			t.Errorf("%q is written %s, want %s", text, b.String(), want)
		}
	}
	for v, want := range map[any]store.Optional{nil: "", "": "", "a": "a"} {
		if got, err := graph.UnmarshalOptional(v); got != want || err != nil {
			t.Errorf("%v is read as %q, %v, want %q", v, got, err, want)
		}
	}
	if got, err := graph.UnmarshalOptional([]any{"a"}); err == nil {
		t.Errorf("a list is read as %q", got)
	}
}

func TestTime(t *testing.T) {
	instant := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	for at, want := range map[time.Time]string{{}: "null", instant: `"2026-11-21T08:00:00Z"`} {
		var b strings.Builder
		graph.MarshalTime(at).MarshalGQL(&b)
		if b.String() != want {
			t.Errorf("%s is written %s, want %s", at, b.String(), want)
		}
	}
	for _, text := range []string{"2026-11-21T08:00:00Z", "2026-11-21T08:00:00.000Z", "2026-11-21T16:00:00+08:00"} {
		if got, err := graph.UnmarshalTime(text); got != instant || err != nil {
			t.Errorf("%s is read as %s, %v, want %s", text, got, err, instant)
		}
	}
	for _, v := range []any{"", "2026-11-21T08:00:00", "2026-11-21 08:00:00", "2026-11-21", "now", 1795248000, []any{}} {
		if got, err := graph.UnmarshalTime(v); err == nil {
			t.Errorf("%v is read as %s", v, got)
		}
	}
}

func TestDate(t *testing.T) {
	for _, text := range []string{"1970-01-01", "2024-02-29", "2026-11-21", "9999-12-31"} {
		day, err := graph.UnmarshalDate(text)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		graph.MarshalDate(day).MarshalGQL(&b)
		if b.String() != `"`+text+`"` {
			t.Errorf("%s is written %s", text, b.String())
		}
	}
	for _, v := range []any{"", "1969-12-31", "2026-02-29", "2026-11-21T08:00:00Z", "10000-01-01", 20778, nil} {
		if got, err := graph.UnmarshalDate(v); err == nil {
			t.Errorf("%v is read as %s", v, got)
		}
	}
}
