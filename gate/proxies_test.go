package gate_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"menshen/gate"
)

func TestProxiesAreRead(t *testing.T) {
	tests := []struct {
		text string
		want []string // nil: refused
	}{
		{"10.0.0.0/8", []string{"10.0.0.0/8"}},
		{"10.1.2.3/8, 192.0.2.1 ,2001:db8::/32,::1,", []string{"10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "::1/128"}},
		{"::ffff:192.0.2.1", []string{"192.0.2.1/32"}},
		{"10.0.0.0/33", nil}, {"10.0.0/8", nil}, {"proxy.example", nil}, {"10.0.0.0/8 10.1.0.0/16", nil},
		{"fe80::1%eth0", nil}, {"::ffff:10.0.0.0/104", nil}, {"192.0.2.1:443", nil},
	}
	for _, test := range tests {
		var p gate.Proxies
		err := p.UnmarshalText([]byte(test.text))
		if (err != nil) != (test.want == nil) {
			t.Errorf("%q: error %v", test.text, err)
			continue
		}
		var got []string
		for _, network := range p {
			got = append(got, network.String())
		}
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); err == nil && diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.text, diff)
		}
	}
}

func TestTheClientIsTheLastWhoIsNoProxy(t *testing.T) {
	trusted := proxies(t, "10.0.0.0/8,2001:db8:ffff::/48")
	const proxy = "10.0.0.1"
	tests := []struct {
		name      string
		peer      string
		forwarded []string
		want      string
	}{
		{"no proxy", "203.0.113.7", nil, "203.0.113.7"},
		{"a stranger who forwards", "203.0.113.7", []string{"198.51.100.1"}, "203.0.113.7"},
		{"a proxy that forwards", proxy, []string{"198.51.100.1"}, "198.51.100.1"},
		{"a proxy that forwards nothing", proxy, nil, proxy},
		{"a client who invents others", proxy, []string{"192.0.2.66, 10.0.0.9, 198.51.100.1"}, "198.51.100.1"},
		{"a chain of proxies", proxy, []string{"198.51.100.1, 10.0.0.3,10.0.0.2"}, "198.51.100.1"},
		{"several lines", proxy, []string{"192.0.2.66", "198.51.100.1,10.0.0.3", "10.0.0.2"}, "198.51.100.1"},
		{"proxies alone", proxy, []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"a port", proxy, []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"IPv6", proxy, []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 in brackets", proxy, []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv6 with a port", proxy, []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		{"IPv6 with a zone", proxy, []string{"fe80::7%" + strings.Repeat("z", 99)}, "fe80::7"},
		{"IPv4 as IPv6", "::ffff:10.0.0.1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"an IPv6 proxy", "2001:db8:ffff::1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"garbage", proxy, []string{"198.51.100.1, unknown"}, proxy},
		{"garbage behind a proxy", proxy, []string{"<script>, 10.0.0.2"}, "10.0.0.2"},
		{"emptiness", proxy, []string{""}, proxy},
		{"an empty last line", proxy, []string{"198.51.100.1", ""}, proxy},
		{"commas", proxy, []string{",,,,"}, proxy},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := trusted.Client(netip.MustParseAddr(test.peer), test.forwarded)
			if got != netip.MustParseAddr(test.want) {
				t.Errorf("%s with %q is %s, want %s", test.peer, test.forwarded, got, test.want)
			}
		})
	}
}

func FuzzClient(f *testing.F) {
	trusted := proxies(f, "10.0.0.0/8,::/1")
	f.Add("10.0.0.1:80", "198.51.100.1, [2001:db8::7]:443")
	f.Add("", "[,]:%,10.0.0.1")
	f.Fuzz(func(t *testing.T, remoteAddr, forwarded string) {
		client := trusted.Client(gate.PeerOf(remoteAddr), []string{forwarded, forwarded})
		if client.Zone() != "" || client.Is4In6() {
			t.Errorf("%s is not in its one form", client)
		}
		if network := gate.Network(client); network.IsValid() != client.IsValid() {
			t.Errorf("the network of %s is %s", client, network)
		}
	})
}

func proxies(t testing.TB, text string) (p gate.Proxies) {
	t.Helper()
	if err := p.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return p
}
