package mysql

import (
	"database/sql"
	"strings"

	"menshen/store"
)

// nickNamed is the condition that a nickname starts with a text, in any case. No
// folded name has the byte 0xff in it.
func nickNamed(text string) condition {
	start := []byte(store.FoldNickName(store.Optional(text)))
	return ofUsers("u.folded_nick_name >= ? AND u.folded_nick_name < ?", start, append(start, 0xff))
}

// orOneOf is the condition to meet this one or to be among some users, by their ids.
func (c condition) orOneOf(ids []any) condition {
	them := ofUsers("u.id IN ("+placeholders(len(ids))+")", ids...)
	return condition{
		test: join(" OR ", c.test, them.test),
		ids:  join(" UNION ALL ", c.ids, them.ids),
		size: c.size + len(ids),
	}
}

// holders finds the ids of those who hold a text as an id, an OpenID, a UnionID or a
// phone number.
func (t *tx) holders(text string, into *[]any) (query, error) {
	parts := []string{"SELECT user_id FROM identities WHERE open_id = ?", "SELECT user_id FROM union_ids WHERE union_id = ?"}
	args := []any{[]byte(text), []byte(text)}
	if raw, ok := store.ParseID(store.UserPrefix, text); ok {
		parts = append(parts, "SELECT id FROM users WHERE id = ?", "SELECT user_id FROM former_ids WHERE id = ?")
		args = append(args, raw[:], raw[:])
	}
	for _, phone := range store.PhoneCandidates(text) {
		hidden, err := t.phoneLookup(&phone)
		if err != nil {
			return query{}, err
		}
		parts, args = append(parts, "SELECT id FROM users WHERE phone_lookup = ?"), append(args, hidden)
	}
	return ask(func(rows *sql.Rows) error {
		var id store.RawID
		err := rows.Scan(rawID{&id})
		*into = append(*into, id[:])
		return err
	}, strings.Join(parts, " UNION "), args...), nil
}
