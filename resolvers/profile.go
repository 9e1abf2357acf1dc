package resolvers

import (
	"context"
	"errors"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"menshen/graph"
	"menshen/store"
	"menshen/wechat"
)

// TextCheck says whether WeChat is asked about the nicknames that users type,
// and what becomes of them when it does not answer. The zero value is
// TextCheckOff.
type TextCheck string

// The choices.
const (
	TextCheckOff    TextCheck = "off"
	TextCheckOpen   TextCheck = "fail-open"   // without an answer the name is kept
	TextCheckClosed TextCheck = "fail-closed" // without an answer it is refused
)

// UpdateProfile sets what the caller typed or chose.
func (r mutation) UpdateProfile(ctx context.Context, in graph.UpdateProfileInput) (*graph.UserPayload, error) {
	session, user, err := r.self(ctx)
	if err != nil {
		return nil, err
	}
	change, err := profileChange(in)
	if err != nil {
		return nil, err
	}
	if err := r.checkNickName(ctx, session, change.NickName); err != nil {
		return nil, err
	}
	return userPayload(r.Store.UpdateProfile(ctx, user.ID, change))
}

// The longest texts of a profile, in characters.
const (
	maxName     = 64
	maxLanguage = 32
)

// profileChange checks what a client asks to change.
func profileChange(in graph.UpdateProfileInput) (change store.ProfileChange, err error) {
	if in == (graph.UpdateProfileInput{}) {
		return change, invalidInput("input", "must set at least one field")
	}
	line := func(most int) func(string) (string, string) {
		return func(text string) (string, string) { return text, checkText(text, most, disturbs) }
	}
	for _, field := range []struct {
		name  string
		in    graphql.Omittable[*string]
		check func(text string) (kept, rule string)
		out   **store.Optional
	}{
		{"nickName", in.NickName, line(maxName), &change.NickName},
		{"avatarUrl", in.AvatarURL, avatarURL, &change.AvatarURL},
		{"language", in.Language, line(maxLanguage), &change.Language},
		{"city", in.City, line(maxName), &change.City},
		{"province", in.Province, line(maxName), &change.Province},
		{"country", in.Country, line(maxName), &change.Country},
	} {
		if *field.out, err = textChange("input."+field.name, field.in, field.check); err != nil {
			return store.ProfileChange{}, err
		}
	}
	if gender, set := in.Gender.ValueOK(); set {
		change.Gender = new(orZero(gender)) // null is UNKNOWN
	}
	return change, nil
}

// textChange checks one text: nil when it is left out, empty when it is null.
func textChange(field string, in graphql.Omittable[*string], check func(string) (kept, rule string)) (*store.Optional, error) {
	text, set := in.ValueOK()
	if !set {
		return nil, nil
	}
	if text == nil {
		return new(store.Optional), nil
	}
	kept, rule := check(strings.TrimSpace(*text))
	if rule != "" {
		return nil, invalidInput(field, rule)
	}
	return new(store.Optional(kept)), nil
}

// checkNickName asks WeChat about a name that is to be set, if the operator
// wants that. What a person should look at passes: nobody is there to look.
func (r mutation) checkNickName(ctx context.Context, session *store.Session, name *store.Optional) error {
	if name == nil || *name == "" || r.TextCheck != TextCheckOpen && r.TextCheck != TextCheckClosed {
		return nil
	}
	verdict, err := r.WeChat.CheckText(ctx, session.AppID, session.OpenID, string(*name))
	switch {
	case errors.Is(err, wechat.ErrTextUnchecked): // an answer, which a user can bring about by being away
		return invalidInput("input.nickName", "cannot be checked by WeChat: open the mini program and try again")
	case err != nil && r.TextCheck == TextCheckClosed:
		return err
	case err != nil:
		r.Log.WarnContext(ctx, "nickname kept unchecked", "requestId", visitOf(ctx).ID, "error", err)
	case verdict == wechat.TextRisky:
		return invalidInput("input.nickName", "is not allowed by WeChat's content check")
	}
	return nil
}
