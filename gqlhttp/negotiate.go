package gqlhttp

import (
	"mime"
	"strconv"
	"strings"
)

const (
	mediaJSON     = "application/json"
	mediaResponse = "application/graphql-response+json"
	mediaEvents   = "text/event-stream"
)

// choice is one item of a header that lists what a client takes, such as Accept
// (RFC 9110, section 12.4).
type choice struct {
	name    string
	charset string
	weight  float64 // 0 to 1; 0 forbids
}

// choices reads such a header and leaves out what cannot be read.
func choices(header []string) (list []choice) {
	for item := range strings.SplitSeq(strings.Join(header, ","), ",") {
		name, parameters, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		list = append(list, choice{name, parameters["charset"], weightOf(parameters)})
	}
	return list
}

// weightOf reads q. One that is no weight forbids.
func weightOf(parameters map[string]string) float64 {
	q, given := parameters["q"]
	if !given {
		return 1
	}
	weight, err := strconv.ParseFloat(q, 64)
	if err != nil || !(weight >= 0 && weight <= 1) { // so written that NaN is none
		return 0
	}
	return weight
}

// negotiate picks the media type of the answer among offers. Without an Accept
// header it is the first, which older clients expect; false when the client
// accepts none. Of types that weigh the same, the client gets what it names most
// exactly, then what it names first.
func negotiate(accept, offers []string) (media string, ok bool) {
	if strings.TrimSpace(strings.Join(accept, "")) == "" {
		return offers[0], true
	}
	list := choices(accept)
	var best preference
	for _, offer := range offers {
		if p := prefer(list, offer); p.beats(best) {
			media, best = offer, p
		}
	}
	return media, media != ""
}

// preference is how much a client wants a media type.
type preference struct {
	weight float64
	exact  int // how exactly it was named, 0 for not at all
	place  int // in the list
}

func (p preference) beats(other preference) bool {
	switch {
	case p.weight != other.weight:
		return p.weight > other.weight
	case p.exact != other.exact:
		return p.exact > other.exact
	}
	return p.place < other.place
}

// prefer finds the most exact range that matches a media type: it decides (RFC
// 9110, section 12.5.1).
func prefer(list []choice, media string) (found preference) {
	for i, item := range list {
		if exact := item.matches(media); exact > found.exact {
			found = preference{item.weight, exact, i}
		}
	}
	if found.weight == 0 {
		return preference{}
	}
	return found
}

// matches returns how exactly a range names a media type that is written in
// UTF-8, 0 for not at all.
func (c choice) matches(media string) int {
	kind, _, _ := strings.Cut(media, "/")
	switch {
	case c.charset != "" && !strings.EqualFold(c.charset, "utf-8"):
		return 0
	case c.name == media && c.charset != "":
		return 4
	case c.name == media:
		return 3
	case c.name == kind+"/*":
		return 2
	case c.name == "*/*":
		return 1
	}
	return 0
}
