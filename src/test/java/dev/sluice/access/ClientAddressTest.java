package dev.sluice.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientAddressTest {

    @ParameterizedTest
    @CsvSource({
        "'', 9.9.9.9, 1.1.1.1, 9.9.9.9",
        "10.0.0.0/8, 9.9.9.9, 1.1.1.1, 9.9.9.9",
        "10.0.0.0/8, 10.0.0.1, 1.1.1.1, 1.1.1.1",
        "10.0.0.0/8, 10.0.0.1, '6.6.6.6, 1.1.1.1', 1.1.1.1",
        "10.0.0.0/8, 10.0.0.1, '1.1.1.1, 10.0.0.7', 1.1.1.1",
        "10.0.0.0/8, 10.0.0.1, 'nonsense', 10.0.0.1",
        "10.0.0.0/8, 10.0.0.1, '', 10.0.0.1",
        "'::1,10.0.0.0/8', ::1, '2001:db8::5', 2001:db8:0:0:0:0:0:5",
    })
    void believesOnlyTrustedProxies(String trusted, String peer, String forwardedFor, String expected) {
        ClientAddress address = new ClientAddress(trusted);

        assertThat(address.of(new InetSocketAddress(peer, 1), () -> List.of(forwardedFor))
                        .getHostAddress())
                .isEqualTo(expected);
    }
}
