import Core
import Testing

@Suite struct MACAddressTests {
    @Test func roundTrips() {
        #expect(MACAddress("02:42:0A:00:00:0f")?.description == "02:42:0a:00:00:0f")
    }

    @Test func followsFromAnAddress() throws {
        let mac = MACAddress(for: try #require(IPAddress("10.0.2.255")))
        #expect(mac.description == "02:42:0a:00:02:ff")
        #expect(MACAddress(for: try #require(IPAddress("fd00:1::a00:2ff"))) == mac)
        let subnets = [
            ("10.0.0.0/16", "10.0.2.255"), ("10.0.0.0/24", nil), ("0.0.0.0/0", "10.0.2.255"),
            ("10.0.2.255/32", "10.0.2.255"),
            ("fd00:1::/64", "fd00:1::a00:2ff"), ("fd00::a00:0/112", "fd00::a00:2ff"), ("fd00::b00:0/112", nil),
            ("fd00::a00:2ff/128", "fd00::a00:2ff"),
        ]
        for (subnet, address) in subnets {
            #expect(mac.address(in: try #require(Subnet(subnet)))?.description == address, "\(subnet)")
        }
        #expect(MACAddress("02:43:0a:00:02:ff")?.address(in: try #require(Subnet("10.0.0.0/8"))) == nil)
    }

    @Test(arguments: [
        "", "02:42:0a:00:00", "02:42:0a:00:00:00:01", "2:42:0a:00:00:01", "02-42-0a-00-00-01", "02420a000001",
        "02:42:0a:00:00:0g",
        "02:42:0a:00:00:+1", "02:42:0a:00:00:-1", "02:42:0a:00:00: 1", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff",
        "01:00:5e:00:00:01",
        "02:42:0a:00:00:01 ", "02:42:0a::00:01",
    ])
    func refuses(text: String) { #expect(MACAddress(text) == nil) }
}
