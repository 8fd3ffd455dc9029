import { testNetworks } from './suite.ts';

testNetworks(({ parameters }) => parameters >= 20e6);
