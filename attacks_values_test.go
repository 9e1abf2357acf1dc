//go:build linux

package main_test

import (
	"fmt"
	"io"
	"strings"
)

const (
	oneUser  = "query($v:ID){user(id:$v){id}}"
	someOnes = "query($v:UserFilter){users(filter:$v){totalCount}}"
)

// variable is an attack by the value of one variable, in JSON.
func variable(name, document, value string) attack {
	return asking(name, admin, document, `,"variables":{"v":`+value+`}`)
}

// values are hard on who reads, checks or converts them.
func values() []attack {
	return []attack{
		document("a list of 200,000 integers", admin, "{user(id:["+repeat("1,", 200_000)+"]){id}}"),
		document("a list of 980 integers", admin, "{user(id:["+repeat("1 ", 980)+"]){id}}"),
		document("5M [", nobody, "{user(id:"+repeat("[", 5_000_000)),
		document("128 KB of [", nobody, "{user(id:"+repeat("[", 120_000)),
		document("490 nested lists", admin, "{user(id:"+repeat("[", 490)+repeat("]", 490)+"){id}}"),
		document("1M {a:", nobody, "{user(id:"+repeat("{a:", 1_000_000)),
		document("128 KB of {a:", nobody, "{user(id:"+repeat("{a:", 40_000)),
		document("240 nested objects", admin, "{users(filter:"+repeat("{search:", 240)+"1"+repeat("}", 240)+"){totalCount}}"),
		document("an object of 320 fields", admin, "{users(filter:{"+numbered(320, " a%d:1")+"}){totalCount}}"),
		document("an object of the same field", admin, "{users(filter:{"+repeat(" search:1", 320)+"}){totalCount}}"),
		document("5M [ in a type", nobody, "query($v:"+repeat("[", 5_000_000)),
		document("490 [ in a type", nobody, "query($v:"+repeat("[", 490)+"ID"+repeat("]", 490)+"){user(id:$v){id}}"),
		document("1,000 variables that nothing uses", nobody, "query("+numbered(1000, "$v%d:ID ")+"){__typename}"),
		document("190 variables that nothing uses", nobody, "query("+numbered(190, "$v%d:ID ")+"){__typename}"),
		document("the same variable 190 times", nobody, "query("+repeat("$v:ID ", 190)+"){__typename}"),
		document("variables of unknown types", nobody, "query("+numbered(190, "$v%d:Sessionn ")+"){__typename}"),
		document("70 variables that are not", admin, "{"+numbered(70, " a%d:user(id:$v%[1]d){id}")+"}"),
		document("variables through fragments", admin, "query("+numbered(60, "$v%d:ID ")+"){...f0}"+usingFragments(8, 5)),
		document("deep default values", nobody, "query($v:UserFilter="+repeat("{search:", 240)+"1"+repeat("}", 240)+"){users(filter:$v){totalCount}}"),
		document("a long default list", nobody, "query($v:[ID]=["+repeat("1 ", 980)+"]){__typename}"),
		variable("a list of 60,000 for one", oneUser, "["+repeat("1,", 60_000)+"1]"),
		variable("a list of 60,000 that are not in the type", "query($v:[Int!]){__typename}", "["+repeat(`"",`, 40_000)+"1]"),
		variable("a list of 40,000 objects", "query($v:[UserFilter!]){__typename}", "["+repeat("{},", 40_000)+"{}]"),
		variable("a list of 10,000 wrong objects", "query($v:[UserFilter!]){__typename}", "["+repeat(`{"a":1},`, 10_000)+"{}]"),
		variable("4,000 nested lists", oneUser, repeat("[", 4000)+repeat("]", 4000)),
		variable("4,000 nested lists of a deep type", "query($v:"+repeat("[", 480)+"ID"+repeat("]", 480)+"){__typename}", repeat("[", 4000)+repeat("]", 4000)),
		variable("1 as a list of lists", "query($v:"+repeat("[", 480)+"ID"+repeat("]", 480)+"){__typename}", "1"),
		variable("4,000 nested objects", someOnes, repeat(`{"search":`, 4000)+"1"+repeat("}", 4000)),
		variable("an object of 8,000 members", someOnes, "{"+numbered(8000, `"a%d":1,`)+`"a":1}`),
		variable("the same member 10,000 times", someOnes, "{"+repeat(`"search":1,`, 10_000)+`"search":1}`),
		variable("a String of 120 KB", oneUser, `"`+repeat("x", 120_000)+`"`),
		variable("escapes in a String", oneUser, `"`+repeat(`\u4e2d`, 20_000)+`"`),
		variable("half surrogates in a String", oneUser, `"`+repeat(`\ud800`, 20_000)+`"`),
		variable("an Int of 120,000 digits", "query($v:Int){users(first:$v){totalCount}}", repeat("9", 120_000)),
		variable("an exponent of 120,000 digits", "query($v:Int){users(first:$v){totalCount}}", "1e"+repeat("9", 120_000)),
		variable("1e999999999", "query($v:Int){users(first:$v){totalCount}}", "1e999999999"),
		asking("8,000 variables that are not asked for", nobody, "{__typename}", `,"variables":{`+numbered(8000, `"v%d":1,`)+`"v":1}`),
		asking("extensions without end", nobody, "{__typename}", `,"extensions":{"a":`+repeat("[", 9000)+repeat("]", 9000)+"}"),
		asking("a long operationName", nobody, "query a{__typename} query b{__typename}", `,"operationName":`+quote(repeat("x", 100_000))),
		automatic("a persisted query that is not", ""),
		automatic("a persisted query of another hash", "{__typename}"),
	}
}

// usingFragments are fragments that spread the next and use some variables each.
func usingFragments(count, each int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, " fragment f%d on Query{...f%d %s}", i, i+1, numbered(each, fmt.Sprintf(" a%dx%%d:user(id:$v%%[1]d){id}", i)))
	}
	fmt.Fprintf(&b, " fragment f%d on Query{__typename}", count)
	return b.String()
}

// automatic is an automatic persisted query with a hash that is invented.
func automatic(name, text string) attack {
	return attack{name: name, body: func(n int) io.Reader {
		query := ""
		if text != "" {
			query = `"query":` + quote(text) + ","
		}
		return strings.NewReader(`{` + query + fmt.Sprintf(`"extensions":{"persistedQuery":{"version":1,"sha256Hash":"%064x"}}}`, n))
	}}
}

// raw is an attack by a body.
func raw(name, body string) attack {
	return attack{name: name, body: func(int) io.Reader { return strings.NewReader(body) }}
}

// bodies are no GraphQL requests.
func bodies() []attack {
	const login = `{"query":"mutation{login(code:\"c\"){expiresIn}}"}`
	return []attack{
		raw("a batch of 100", "["+repeat(login+",", 99)+login+"]"),
		raw("a batch of 2,500", "["+repeat(login+",", 2499)+login+"]"),
		raw("requests in a row", repeat(login, 2500)),
		raw("JSON 60,000 deep", repeat("[", 60_000)+repeat("]", 60_000)),
		raw("JSON 9,999 deep", `{"variables":`+repeat("[", 9998)+repeat("]", 9998)+"}"),
		raw("objects 20,000 deep", repeat(`{"a":`, 20_000)),
		raw("12,000 members", "{"+numbered(9000, `"a%d":1,`)+`"query":"{__typename}"}`),
		raw("query 5,000 times", "{"+repeat(`"query":"{__typename}",`, 5000)+`"query":"{__typename}"}`),
		raw("variables 2,000 times", "{"+repeat(`"variables":{"a":[1,2,3,4,5,6,7]},`, 2500)+`"query":"{__typename}"}`),
		raw("a member with a long name", `{"`+repeat("q", 120_000)+`":1}`),
		raw("invalid UTF-8", `{"query":"{__typename}`+repeat("\xff", 100_000)+`"}`),
		raw("white space", repeat(" ", 130_000)),
		raw("zeros", repeat("\x00", 130_000)),
		raw("half a request", `{"query":"`+repeat("{a", 60_000)),
		raw("nothing", ""),
	}
}

// endless repeats a text for as long as it is read.
type endless string

// Read fills b.
func (e endless) Read(b []byte) (n int, err error) {
	for n < len(b) {
		n += copy(b[n:], e)
	}
	return n, nil
}

// flood is an attack by a body of so many bytes, behind the beginning of a request.
func flood(name, begin, text string, bytes int64) attack {
	return attack{name: name, body: func(int) io.Reader {
		return io.MultiReader(strings.NewReader(begin), io.LimitReader(endless(text), bytes))
	}}
}

// oversized are bodies that nobody should wait for the end of.
func oversized() []attack {
	const begin = `{"query":"`
	return []attack{
		flood("10 MB of junk", "", "junk", 10<<20),
		flood("10 MB of comment", begin+"#", "x", 10<<20),
		flood("10 MB of commas", begin+"{__typename", ",", 10<<20),
		flood("10 MB of string", begin+`{user(id:\"`, "x", 10<<20),
		flood("50 MB of string", begin+`{user(id:\"`, "x", 50<<20),
		flood("1M deep JSON", "", "[", 1<<20),
		flood("a variable of 1M integers", `{"query":"{__typename}","variables":{"v":[`, "1,", 2<<20),
	}
}
