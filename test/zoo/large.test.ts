import { testNetworks } from './suite.ts';

testNetworks(({ parameters }) => parameters >= 25e6);
