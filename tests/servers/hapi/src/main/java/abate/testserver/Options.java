package abate.testserver;

import java.util.Arrays;
import java.util.List;

/**
 * What the command line asks for.
 *
 * @param release the FHIR release served, "r4" or "r5"
 * @param port the port on loopback, 0 for any free one
 * @param hapiDefaults whether searching and paging stay as HAPI ships them
 * @param prefetch how many matches a search looks for before it answers, step by step; -1 is all
 */
record Options(String release, int port, boolean hapiDefaults, List<Integer> prefetch) {

    static final String USAGE =
            "usage: Main [--release r4|r5] [--port N] [--defaults | --prefetch N,N,...]";

    /** Reads the flags; the last one of a kind wins. */
    static Options parse(String... arguments) {
        String release = "r4";
        int port = 0;
        boolean hapiDefaults = false;
        List<Integer> prefetch = List.of(-1);
        List<String> rest = Arrays.asList(arguments);
        for (int i = 0; i < rest.size(); i++) {
            switch (rest.get(i)) {
                case "--release" -> release = release(value(rest, ++i));
                case "--port" -> port = Integer.parseInt(value(rest, ++i));
                case "--defaults" -> hapiDefaults = true;
                case "--prefetch" -> prefetch = numbers(value(rest, ++i));
                default -> throw new IllegalArgumentException("unknown flag " + rest.get(i));
            }
        }
        return new Options(release, port, hapiDefaults, prefetch);
    }

    private static String value(List<String> arguments, int index) {
        if (index == arguments.size()) {
            throw new IllegalArgumentException(arguments.get(index - 1) + " needs a value");
        }
        return arguments.get(index);
    }

    private static String release(String name) {
        if (!List.of("r4", "r5").contains(name)) {
            throw new IllegalArgumentException("--release is " + name + ", not r4 or r5");
        }
        return name;
    }

    private static List<Integer> numbers(String list) {
        return Arrays.stream(list.split(",")).map(Integer::valueOf).toList();
    }
}
