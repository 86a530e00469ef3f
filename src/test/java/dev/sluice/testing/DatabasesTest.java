package dev.sluice.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DatabasesTest {
    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void givesAnEmptyDatabase_eachTimeAnother(Databases database) {
        try (Databases.Fresh one = database.fresh();
                Databases.Fresh other = database.fresh()) {
            assertThat(one.setting()).startsWith("SLUICE_DATABASE_URL=");
            if (database != Databases.H2) {
                assertThat(one.setting()).isNotEqualTo(other.setting());
            }
        }
    }
}
