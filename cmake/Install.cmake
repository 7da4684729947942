# What a system gets: the program and its manual, the service, and the files that go to Prometheus, Alertmanager and Grafana.
include(GNUInstallDirs)
set(HEDGEWATCH_UNIT_DIR lib/systemd/system CACHE STRING "Where the service unit goes; below the prefix unless absolute")

install(TARGETS hedgewatch RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES deploy/man/hedgewatch.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES deploy/man/hedgewatch.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES deploy/man/hedgewatch.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES deploy/completion/hedgewatch DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES deploy/systemd/hedgewatch.service DESTINATION ${HEDGEWATCH_UNIT_DIR})

set(shared ${CMAKE_INSTALL_DATADIR}/hedgewatch)
install(FILES deploy/systemd/latency.conf DESTINATION ${shared}/systemd)
install(DIRECTORY deploy/prometheus deploy/alertmanager deploy/runbooks DESTINATION ${shared} PATTERN "*_test.yml" EXCLUDE)
install(DIRECTORY deploy/grafana DESTINATION ${shared} OPTIONAL
        FILES_MATCHING PATTERN "*.json" PATTERN "*.yml" PATTERN "*.yaml" PATTERN "*.md" PATTERN "*.png")
