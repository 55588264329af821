/** Variables of a person, session or CI job (docs/contract.md section 4). As text: a RegExp is compiled each call. */

/** Set for the new user: login(1), su(1), environ(7). */
export const OF_THE_ACCOUNT = ['HOME', 'USER', 'LOGNAME', 'SHELL', 'MAIL', 'PATH'];

/** Exact names, separated by spaces, and prefixes. */
export interface Names {
  names: string;
  prefixes: string[];
}

/** Count only if one of `signs` is set. */
export interface Signed extends Names {
  signs: string;
}

export const PERSON_AND_SESSION: Names = {
  names: [
    // environ(7), bash(1), ls(1), mail(1), git(1) "Git Commits"
    'USERNAME OLDPWD SHLVL HISTFILE PS1 PS2 PROMPT_COMMAND LS_COLORS EMAIL',
    'GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL',
    'DOAS_USER PKEXEC_UID', // doas(1), pkexec(1)
    // sshd(8), ssh(1), ssh-agent(1)
    'SSH_CLIENT SSH_CONNECTION SSH_TTY SSH_AUTH_SOCK SSH_AGENT_PID SSH_ORIGINAL_COMMAND',
    'SSH_USER_AUTH SSH_TUNNEL SSH_ASKPASS SSH_ASKPASS_REQUIRE',
    'XAUTHORITY XAUTHORIZATION WAYLAND_DISPLAY WINDOWID', // X(7), wayland(7), xauth(1); for DISPLAY see OF_A_SCREEN
    // dbus-launch(1), dbus-daemon(1)
    'DBUS_SESSION_BUS_ADDRESS DBUS_SESSION_BUS_PID DBUS_SESSION_BUS_WINDOWID',
    'DBUS_STARTER_ADDRESS DBUS_STARTER_BUS_TYPE',
    'GPG_AGENT_INFO GPG_TTY KRB5CCNAME', // gpg-agent(1), kerberos(7)
    // tmux(1), screen(1), terminals
    'TMUX TMUX_PANE STY COLORTERM TERM_PROGRAM TERM_PROGRAM_VERSION TERM_SESSION_ID ITERM_SESSION_ID VTE_VERSION',
    // systemd.exec(5), sd_notify(3), sd_listen_fds(3)
    'NOTIFY_SOCKET LISTEN_FDS LISTEN_PID LISTEN_PIDFDID LISTEN_FDNAMES WATCHDOG_PID WATCHDOG_USEC',
    'INVOCATION_ID JOURNAL_STREAM',
    'SYSTEMD_EXEC_PID CREDENTIALS_DIRECTORY MAINPID MANAGERPID MANAGERPIDFDID',
    'MEMORY_PRESSURE_WATCH MEMORY_PRESSURE_WRITE',
    'XPC_SERVICE_NAME XPC_FLAGS SECURITYSESSIONID __CF_USER_TEXT_ENCODING', // launchd.plist(5)
  ].join(' '),
  prefixes: [
    'SUDO_', // sudo(8) "Environment"
    'XDG_', // XDG Base Directory Specification, pam_systemd(8)
    'VSCODE_', // an editor's terminal
    'NVM_',
    'VOLTA_',
    'FNM_',
    'ASDF_',
    'MISE_', // version managers are in the user's home directory
  ],
};

/** General names that systemd.exec(5) sets together with INVOCATION_ID. */
export const OF_A_SERVICE: Signed = {
  signs: 'INVOCATION_ID',
  names: [
    'EXIT_CODE EXIT_STATUS SERVICE_RESULT PIDFILE REMOTE_ADDR REMOTE_PORT FDSTORE LOG_NAMESPACE RUNTIME_DIRECTORY',
    'STATE_DIRECTORY CACHE_DIRECTORY LOGS_DIRECTORY CONFIGURATION_DIRECTORY',
  ].join(' '),
  prefixes: ['MONITOR_', 'TRIGGER_'],
};

/** xauth(1) names the file for a person's screen. Without it, DISPLAY=:99 is an app's virtual screen. */
export const OF_A_SCREEN: Signed = { signs: 'XAUTHORITY XAUTHORIZATION', names: 'DISPLAY', prefixes: [] };

/** CI runners find and kill a job's processes by these (T39; runners' sources, "ProcessTreeKiller" of Jenkins). */
export const CI_PROCESS_MARKS = [
  'RUNNER_TRACKING_ID VSTS_PROCESS_LOOKUP_ID JENKINS_NODE_COOKIE JENKINS_SERVER_COOKIE',
  'HUDSON_COOKIE HUDSON_SERVER_COOKIE',
].join(' ');

/** Secrets of one CI job. All other names of a runner count only if it is visible (CI_RUNNERS). */
export const CI_TOKENS = [
  'SYSTEM_ACCESSTOKEN CI_JOB_JWT CI_JOB_JWT_V1 CI_JOB_JWT_V2 CI_REGISTRY_PASSWORD CI_DEPLOY_PASSWORD',
  'CI_DEPENDENCY_PROXY_PASSWORD',
  'CI_REPOSITORY_URL CI_NETRC_PASSWORD DRONE_NETRC_PASSWORD CIRCLE_OIDC_TOKEN_V2',
].join(' ');
/** Names with these prefixes that end in TOKEN. */
export const CI_TOKEN_PREFIXES = [
  'GITHUB_',
  'ACTIONS_',
  'GITEA_',
  'FORGEJO_',
  'CI_',
  'GITLAB_',
  'JENKINS_',
  'HUDSON_',
  'BITBUCKET_',
  'CIRCLE_',
  'CIRCLECI_',
  'TRAVIS_',
  'DRONE_',
  'TEAMCITY_',
  'BUILDKITE_',
];

/** `signs` show the runner. All names are from the products' references of predefined variables. */
export const CI_RUNNERS: Signed[] = [
  {
    // GitHub Actions: "Default environment variables"; Gitea and Forgejo run the same
    signs: 'GITHUB_ACTIONS GITEA_ACTIONS FORGEJO_ACTIONS RUNNER_TRACKING_ID ACTIONS_RUNTIME_TOKEN',
    names: '',
    prefixes: ['GITHUB_', 'RUNNER_', 'ACTIONS_', 'GITEA_', 'FORGEJO_'],
  },
  { signs: 'GITLAB_CI', names: '', prefixes: ['CI_', 'GITLAB_'] },
  {
    // Jenkins: "Using environment variables"; plugins: Pipeline, Branch API, Build User Vars
    signs: [
      'JENKINS_URL JENKINS_HOME JENKINS_NODE_COOKIE JENKINS_SERVER_COOKIE',
      'HUDSON_URL HUDSON_HOME HUDSON_COOKIE HUDSON_SERVER_COOKIE',
    ].join(' '),
    names: [
      'BUILD_ID BUILD_NUMBER BUILD_TAG BUILD_URL BUILD_DISPLAY_NAME JOB_NAME JOB_BASE_NAME JOB_URL JOB_DISPLAY_URL',
      'NODE_NAME NODE_LABELS',
      'EXECUTOR_NUMBER WORKSPACE WORKSPACE_TMP STAGE_NAME',
    ].join(' '),
    prefixes: ['JENKINS_', 'HUDSON_', 'BUILD_USER', 'CHANGE_', 'RUN_'],
  },
  { signs: 'BITBUCKET_BUILD_NUMBER', names: '', prefixes: ['BITBUCKET_'] },
  { signs: 'CIRCLECI', names: 'CIRCLECI', prefixes: ['CIRCLE_', 'CIRCLECI_'] },
  { signs: 'TF_BUILD', names: 'TF_BUILD', prefixes: ['AGENT_', 'SYSTEM_', 'BUILD_', 'ENDPOINT_', 'VSTS_'] },
  { signs: 'TRAVIS', names: 'TRAVIS', prefixes: ['TRAVIS_'] },
  { signs: 'DRONE', names: 'DRONE', prefixes: ['DRONE_', 'CI_'] },
  { signs: 'CI_PIPELINE_FORGE_URL CI_SYSTEM_NAME', names: '', prefixes: ['CI_'] },
  { signs: 'TEAMCITY_VERSION', names: 'BUILD_NUMBER BUILD_VCS_NUMBER', prefixes: ['TEAMCITY_'] },
  { signs: 'BUILDKITE', names: 'BUILDKITE', prefixes: ['BUILDKITE_'] },
];

/** Credentials of a person, which PM2 would write into dump.pm2. AWS_REGION or VAULT_ADDR identify no person. */
export const CREDENTIALS: Names = {
  names: [
    // AWS CLI: "Environment variables"; aws-vault
    'AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE',
    'AWS_CONFIG_FILE AWS_VAULT',
    'AWS_SHARED_CREDENTIALS_FILE AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME',
    'AWS_CONTAINER_AUTHORIZATION_TOKEN',
    // Google Cloud: "Application Default Credentials", gcloud "Properties"
    'GOOGLE_APPLICATION_CREDENTIALS GOOGLE_OAUTH_ACCESS_TOKEN CLOUDSDK_CONFIG CLOUDSDK_AUTH_ACCESS_TOKEN',
    'CLOUDSDK_CORE_ACCOUNT',
    // Azure Identity: "EnvironmentCredential"; Terraform azurerm
    'AZURE_CLIENT_SECRET AZURE_CLIENT_CERTIFICATE_PATH AZURE_CLIENT_CERTIFICATE_PASSWORD',
    'AZURE_PASSWORD AZURE_USERNAME AZURE_CONFIG_DIR',
    'AZURE_FEDERATED_TOKEN_FILE ARM_CLIENT_SECRET ARM_ACCESS_KEY ARM_SAS_TOKEN',
    // Vault, Consul, Nomad, Terraform, kubectl, Helm, Docker: "Environment variables" of each
    'VAULT_TOKEN CONSUL_HTTP_TOKEN NOMAD_TOKEN KUBECONFIG HELM_KUBETOKEN DOCKER_CONFIG DOCKER_AUTH_CONFIG',
    'ANSIBLE_VAULT_PASSWORD_FILE',
    'PGPASSWORD PGPASSFILE PGSERVICEFILE MYSQL_PWD REDISCLI_AUTH', // psql(1), mysql(1), redis-cli
    // gh(1), glab(1), npm-config(7), other command line tools
    'GH_TOKEN GH_ENTERPRISE_TOKEN NPM_TOKEN NODE_AUTH_TOKEN DIGITALOCEAN_ACCESS_TOKEN HCLOUD_TOKEN',
    'CLOUDFLARE_API_TOKEN CLOUDFLARE_API_KEY LINODE_CLI_TOKEN',
    'FLY_API_TOKEN HEROKU_API_KEY NETLIFY_AUTH_TOKEN VERCEL_TOKEN SENTRY_AUTH_TOKEN DOPPLER_TOKEN',
    'OP_SERVICE_ACCOUNT_TOKEN BW_SESSION',
    'SSHPASS RESTIC_PASSWORD RESTIC_PASSWORD_FILE BORG_PASSPHRASE', // sshpass(1), restic, borg
  ].join(' '),
  prefixes: ['TF_TOKEN_', 'OP_SESSION_'],
};

/**
 * Crosses always: language, terminal (locale(7), environ(7), no-color.org), completion, `_` for `update`
 * (lib/Daemon.js), and variables that PM2's command line reads (docs/pm2-internals.md section 4.2).
 */
export const PLAIN: Names = {
  names: [
    'LANG LANGUAGE TZ TERM COLUMNS LINES NO_COLOR FORCE_COLOR NODE_DISABLE_COLORS COMP_CWORD COMP_LINE COMP_POINT _',
    'PM2_SILENT PM2_DISCRETE_MODE PM2_PROGRAMMATIC PM2_DEBUG DEBUG PM2_CONCURRENT_ACTIONS PM2_RELOAD_LOCK_TIMEOUT',
    'PM2_NO_INTERACTION FORCE PM2_DISABLE_VERSION_CHECK',
  ].join(' '),
  prefixes: ['LC_'],
};

/** The part of PLAIN that sudo keeps by default (env_check in sudoers(5), initial_keepenv_table in env.c). */
export const KEPT_BY_SUDO: Names = { names: 'LANG LANGUAGE TZ TERM', prefixes: ['LC_'] };

export function isOneOf(name: string, { names, prefixes }: Names): boolean {
  return has(names, name) || prefixes.some((prefix) => name.startsWith(prefix));
}

export function has(names: string, name: string): boolean {
  const at = names.indexOf(name);
  if (at < 0) return false;
  const end = at + name.length;
  const whole = (at === 0 || names[at - 1] === ' ') && (end === names.length || names[end] === ' ');
  return whole || ` ${names} `.includes(` ${name} `);
}
