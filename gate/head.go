package gate

// head counts the lines of one request's head, wherever reads cut it. It ends a
// line at LF, with a CR before it or without, as RFC 9112, 2.2 allows.
type head struct {
	lines int // that have ended
	line  line
}

// line is what has come of the line that has not ended.
type line uint8

const (
	empty line = iota
	carriageReturn
	text
)

// add takes the next bytes, and reports whether the blank line was among them:
// what comes after it is none of the head.
func (h *head) add(bytes []byte) (ended bool) {
	for _, b := range bytes {
		switch {
		case b == '\n' && h.line != text:
			return true
		case b == '\n':
			h.lines++
			h.line = empty
		case b == '\r' && h.line == empty:
			h.line = carriageReturn
		default:
			h.line = text
		}
	}
	return false
}
