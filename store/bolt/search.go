package bolt

import (
	"bytes"
	"errors"
	"iter"
	"slices"
	"strings"

	"menshen/store"
)

// search is what a search term can mean.
type search struct {
	holders  []store.RawID // of it as an id, an OpenID, a UnionID or a phone number
	nickName string        // or the start of one, folded
}

func (d *directory) meanings(text string) (*search, error) {
	var s search
	add := func(holder store.RawID, held bool) {
		if held {
			s.holders = append(s.holders, holder)
		}
	}
	if raw, ok := store.ParseID(store.UserPrefix, text); ok {
		add(raw, d.get(bucketUsers, raw[:]) != nil)
		survivor := d.get(bucketFormerIDs, raw[:])
		add(rawID(survivor), survivor != nil)
	}
	add(d.unionIDHolder(store.Optional(text)))
	for _, phone := range store.PhoneCandidates(text) {
		holder, held, err := d.phoneHolder(phone)
		if err != nil {
			return nil, err
		}
		add(holder, held)
	}
	people, err := d.openIDHolders(text)
	s.holders = append(s.holders, people...)
	s.nickName = store.FoldNickName(store.Optional(text))
	return &s, err
}

// openIDHolders looks an OpenID up in every app that ever had a user.
func (d *directory) openIDHolders(openID string) (people []store.RawID, err error) {
	prefix := []byte(store.AppFacet(""))
	c := d.Bucket(bucketFacets).Cursor()
	for key, _ := c.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = c.Next() {
		who, known, err := d.identity(string(key[len(prefix):]), openID)
		if err = errors.Join(err, d.step()); err != nil {
			return nil, err
		}
		if known {
			people = append(people, who.user)
		}
	}
	return people, nil
}

func (s search) finds(u store.User) bool {
	return slices.Contains(s.holders, rawUser(u.ID)) || strings.HasPrefix(store.FoldNickName(u.Profile.NickName), s.nickName)
}

// everybodyFound yields everybody whom a search finds.
func (d *directory) everybodyFound(s search) iter.Seq2[store.RawID, error] {
	return func(yield func(store.RawID, error) bool) {
		for _, holder := range s.holders {
			if !yield(holder, d.step()) {
				return
			}
		}
		c := d.Bucket(bucketNickNames).Cursor()
		start := []byte(s.nickName)
		for key, _ := c.Seek(start); bytes.HasPrefix(key, start); key, _ = c.Next() {
			id, err := splitNickNameKey(key)
			if !yield(id, errors.Join(err, d.step())) {
				return
			}
		}
	}
}
